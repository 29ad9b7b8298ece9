"""Runs the migrations on the connection that the runner hands over."""

from alembic import context
from sqlalchemy import Connection

from db.tables import metadata


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction.

    SQLite changes a table by copying it, which its foreign keys would forbid: the runner turns them off.
    """
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes["connection"])
