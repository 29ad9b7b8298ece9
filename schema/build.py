"""The schema, put together."""

from collections.abc import Callable
from functools import cache

from strawberry.extensions import DisableIntrospection, SchemaExtension
from strawberry.schema.config import StrawberryConfig

import schema.enums  # noqa: F401 - registers the enums before a type uses them
from execution.parsing import Parsing
from execution.validation import Validation
from schema.executable import ExecutableSchema
from schema.limits import DEFAULT_LIMITS, Limits
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription
from schema.types.event import (
    MembershipChanged,
    OrderImported,
    OrderStatusChanged,
    SharedOrderChanged,
    SharePolicyChanged,
)
from schema.types.organisation import Organisation
from schema.types.processing_result import ProcessingResult
from schema.user_errors import (
    ActionNotAllowedError,
    ClaimWindowError,
    GenericUserError,
    SharesExhaustedError,
    VersionConflictError,
)

_UNREFERENCED_TYPES = (
    Organisation,
    ProcessingResult,
    OrderStatusChanged,
    SharedOrderChanged,
    OrderImported,
    MembershipChanged,
    SharePolicyChanged,
    GenericUserError,
    ClaimWindowError,
    SharesExhaustedError,
    ActionNotAllowedError,
    VersionConflictError,
)


def build_schema(limits: Limits = DEFAULT_LIMITS) -> ExecutableSchema:
    """Return the schema, which is built once: it never changes, and many applications can share it.

    Args:
        limits: What a client may ask for.
    """
    return _built(limits)


@cache
def _built(limits: Limits) -> ExecutableSchema:
    extensions: list[Callable[[], SchemaExtension]] = [
        lambda: Parsing(limits.document.tokens),
        lambda: Validation(limits.document, suggestions=limits.introspection),
    ]
    if not limits.introspection:
        extensions.insert(-1, DisableIntrospection)
    return ExecutableSchema(
        limits,
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=_UNREFERENCED_TYPES,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not limits.introspection),
        extensions=extensions,
    )
