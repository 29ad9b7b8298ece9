"""Organisations, users and who is a member of what."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from db.columns import new_id, word_column
from domain.vocabulary import MemberRole, SharePolicy


class OrganisationRow(SQLModel, table=True):
    """A family, team or fund."""

    __tablename__ = "organisation"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reference: str = Field(unique=True)
    name: str
    share_policy: SharePolicy = Field(
        default=SharePolicy.ANY_MEMBER, sa_column=word_column(SharePolicy, "share_policy")
    )
    created_at: datetime


class UserRow(SQLModel, table=True):
    """A person who can sign in; the token's `sub` is their reference.

    The `search_` columns hold case-folded text, as those of an order do; `named` makes them.
    """

    __tablename__ = "app_user"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reference: str = Field(unique=True)
    name: str
    search_name: str
    search_reference: str
    created_at: datetime

    @staticmethod
    def named(reference: str, name: str) -> dict[str, str]:
        """Return the columns of a user's reference and name, and what a search compares with."""
        return {
            "reference": reference,
            "name": name,
            "search_name": name.casefold(),
            "search_reference": reference.casefold(),
        }


class MembershipRow(SQLModel, table=True):
    """A user's place in an organisation.

    A removed member's row stays, with `removed_at`: orders they own and results they processed still refer to it.
    """

    __tablename__ = "membership"
    __table_args__ = (Index(None, "user_id", "organisation_id"),)

    organisation_id: UUID = Field(primary_key=True, foreign_key="organisation.id")
    user_id: UUID = Field(primary_key=True, foreign_key="app_user.id")
    role: MemberRole = Field(sa_column=word_column(MemberRole, "role"))
    joined_at: datetime
    removed_at: datetime | None = None
