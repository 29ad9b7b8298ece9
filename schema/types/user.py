"""A person."""

from typing import Self

import strawberry

from db.plain_rows import AnyUser
from schema.global_id import encode_id
from schema.types.node import Node


@strawberry.type(description="A person who is, or once was, a member of an organisation.")
class User(Node):
    """The public face of a user."""

    reference: str = strawberry.field(
        description="The user's key on the order platform, which is the `sub` of their tokens."
    )
    name: str = strawberry.field(description="The name that people use.")

    @classmethod
    def from_row(cls, row: AnyUser) -> Self:
        """Return the row as clients see it."""
        return cls(id=encode_id("User", row.id), reference=row.reference, name=row.name)
