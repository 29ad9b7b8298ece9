"""Objects that are kept ready for answers are bounded by their values, not by their number alone."""

from uuid import UUID, uuid4

from db.plain_rows import PlainUser
from db.row_cache import RowCache
from schema.ready_objects import ReadyObjects


def test_of_a_form_with_a_hundred_names_fewer_objects_are_kept() -> None:
    version = uuid4()
    users = {uuid4(): PlainUser(uuid4(), "reference", "name") for _ in range(5_000)}
    rows: RowCache[UUID, PlainUser] = RowCache(20_000)
    rows.put(version, users)
    small = ReadyObjects(rows, version, (("name", "attribute", "name"),))
    large = ReadyObjects(rows, version, tuple((f"name{number}", "attribute", "name") for number in range(100)))
    most = 0
    for key in users:
        assert small[key] == {"name": "name"}
        assert large[key]["name99"] == "name"
        most = max(most, len(large))
    assert (len(small), most) == (5_000, 200)
