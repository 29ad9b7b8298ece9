"""The version of names, one row for the whole database."""

from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from db.columns import new_id, number_column

ONLY = 1
"""The key of the only row."""


class NamesRow(SQLModel, table=True):
    """Which changes of names are in the database; `db.names` writes it."""

    __tablename__ = "names"
    __table_args__ = (CheckConstraint("id = 1", name="only"),)

    id: int = Field(default=ONLY, sa_column=number_column(primary_key=True, autoincrement=False))
    version: UUID = Field(default_factory=new_id)
