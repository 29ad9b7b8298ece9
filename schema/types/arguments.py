"""Arguments that many fields take alike."""

from typing import Annotated

import strawberry

from domain.vocabulary import SharedOrderStatus
from schema.scalars import Cursor

First = Annotated[int | None, strawberry.argument(description="How many entries at the most, 1 to 100.")]
After = Annotated[
    str | None,
    strawberry.argument(
        description="List what comes after this: the `cursor` of an entry, or the `endCursor` of a page."
    ),
]
Last = Annotated[
    int | None, strawberry.argument(description="How many entries from the end, 1 to 100; instead of `first`.")
]
Before = Annotated[
    str | None,
    strawberry.argument(
        description="List what comes before this: the `cursor` of an entry, or the `startCursor` of a page."
    ),
]
SharedOrderStatuses = Annotated[
    list[SharedOrderStatus] | None,
    strawberry.argument(description="Only those in one of these statuses; all where not given."),
]
AfterEvent = Annotated[
    Cursor | None,
    strawberry.argument(
        description=(
            "Hear every event after this place: the `cursor` of the last event you handled, or a `logCursor`. "
            "Without it, hear what happens from now on."
        )
    ),
]
OrganisationId = Annotated[
    strawberry.ID, strawberry.argument(description="The id of the organisation; you must be one of its members.")
]
