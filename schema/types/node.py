"""What every object with a global id has."""

import strawberry


@strawberry.interface(description="An object with a global id, which `node` finds again.")
class Node:
    """Relay's Node."""

    id: strawberry.ID = strawberry.field(description="The global id: opaque, and unique across all types.")
