"""The address that the server listens on."""

import errno
import socket

from app.setting_rules import PORTS
from app.settings import Settings, SettingsError


def require_free_address(settings: Settings) -> None:
    """Refuse an address that the server could not listen on, before anything else is done.

    Raises:
        SettingsError: Where it is taken, or nothing can listen there.
    """
    if not settings.host:
        raise SettingsError("Set ORDERSHARE_HOST to the address to listen on, such as 127.0.0.1.")
    if settings.port not in PORTS:
        raise SettingsError(f"{settings.port} is no port: set ORDERSHARE_PORT to one of 1 to 65535.")
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"Port {settings.port} of {settings.host} is taken: set ORDERSHARE_PORT to a free one."
            ) from None
        reason, _, _ = str(fault.strerror).partition(" (while ")
        raise SettingsError(
            f"Nothing can listen on port {settings.port} of {settings.host} ({reason}): "
            "set ORDERSHARE_HOST and ORDERSHARE_PORT."
        ) from None


def browser_address(settings: Settings) -> str:
    """Return where a program on this machine finds the API, and a browser GraphiQL."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - nothing is bound here
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/graphql"
