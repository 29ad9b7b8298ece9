"""People and kinds of cover as they are in answers, kept ready: the same few are in most rows of most answers.

They are made of the rows that the process remembers, and hold as long as these: for one version of names.
"""

from typing import Any, TypeAlias
from uuid import UUID

from graphql import GraphQLID, get_nullable_type

from db.row_cache import NamesCache, RowCache
from execution.selection import TypeSelection
from execution.whole import NotWhole
from schema.global_id import encode_id
from schema.row_fields import Remembered

Form: TypeAlias = tuple[tuple[str, str, str], ...]
"""Of each field its name in the answer, how it is had, and of what."""

_MOST_FORMS = 32
_MOST_OBJECTS = 5_000
_MOST_VALUES = 20_000
"""Of all objects of a form: one may show the same field by a hundred names."""


def ready_form(selection: TypeSelection) -> Form:
    """Return what an answer shows of an object that is made of a remembered row.

    Raises:
        NotWhole: Where it shows what the row does not tell.
    """
    form = []
    for field in selection.fields:
        known = field.strawberry_field
        if field.field_name == "__typename":
            form.append((field.name, "type", selection.type.name))
        elif get_nullable_type(field.definition.type) is GraphQLID:
            form.append((field.name, "id", selection.type.name))
        elif known is not None and field.attribute is not None:
            form.append((field.name, "attribute", field.attribute))
        else:
            raise NotWhole(f"{selection.type.name}.{field.field_name} is not told by a remembered row")
    return tuple(form)


class NotRemembered(NotWhole):
    """A row that an object is made of is not remembered, or not any more."""


class ReadyObjects(dict[Any, dict[str, Any]]):
    """Objects of one form by the keys of their rows; of those that are remembered."""

    def __init__(self, rows: RowCache[Any, Any], version: UUID, form: Form) -> None:
        """Begin with none made."""
        super().__init__()
        self.version = version
        self._rows = rows
        self._form = form
        self._most = min(_MOST_OBJECTS, _MOST_VALUES // max(len(form), 1))

    def __missing__(self, key: Any) -> dict[str, Any]:
        """Make an object.

        Raises:
            NotRemembered: Where its row is not.
        """
        row = self._rows.get(self.version, key)
        if row is None:
            raise NotRemembered(key)
        if len(self) >= self._most:
            self.clear()
        made = self[key] = {name: _value(row, how, of) for name, how, of in self._form}
        return made


def _value(row: Any, how: str, of: str) -> Any:
    if how == "attribute":
        return getattr(row, of)
    return of if how == "type" else encode_id(of, row.id)


def ready_objects(names: NamesCache, version: UUID | None, to: Remembered, form: Form) -> ReadyObjects:
    """Return the objects of a form as they are at a version of names.

    Args:
        names: What the process remembers.
        version: The version that the rows of the answer were read at.
        to: Rows of which kind they are made of.
        form: What is shown of them.

    Raises:
        NotWhole: Where nothing may be remembered.
    """
    found: ReadyObjects | None = names.ready.get((to, form))
    if found is not None and found.version == version:
        return found
    if version is None:
        raise NotWhole("the database tells no version of names")
    if len(names.ready) >= _MOST_FORMS:
        names.ready.clear()
    rows: RowCache[Any, Any] = names.users if to is Remembered.USERS else names.order_types
    made = names.ready[to, form] = ReadyObjects(rows, version, form)
    return made
