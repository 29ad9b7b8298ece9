"""Which way replicas wake each other."""

from sqlalchemy import make_url

from app.settings import Settings
from db.nats_signals import NatsSignals
from db.postgresql_signals import PostgreSQLSignals
from db.signals import InProcessSignals, Signals


def choose_signals(settings: Settings) -> Signals:
    """Return NATS where it is set, else LISTEN and NOTIFY on PostgreSQL; on SQLite there is one process.

    Raises:
        SettingsError: Where a setting has the wrong form.
    """
    signal_url, database_url = settings.checked_signal_url(), settings.checked_database_url()
    if signal_url:
        return NatsSignals(signal_url)
    if make_url(database_url).get_backend_name() == "postgresql":
        return PostgreSQLSignals(database_url)
    return InProcessSignals()
