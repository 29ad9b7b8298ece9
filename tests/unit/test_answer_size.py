"""Answers that are written in pieces are those that are written in one go."""

from typing import Any

import orjson
import pytest
from strawberry.types import ExecutionResult

from schema.answer_size import WrittenResult, written
from schema.delivery.encoded_event import as_json

_ANSWERS: tuple[Any, ...] = (
    None,
    {},
    {"a": None, "b": [], "c": {}},
    {"a": [{"b": 1, "c": {"d": "é\n"}} for _ in range(45)], "e": 2.5},
    {"a": {"b": [{"c": [{"d": [1, None, "x"]}, {}, None]}, {"c": []}, None]}},
    {"a": [[1, 2], [], [[3]]]},
    {"a": 1, "b": [{"c": "x"}], "d": 2, "e": ["y"] * 50, "f": {"g": [{"h": []}], "i": {}}},
)


@pytest.mark.parametrize("data", _ANSWERS)
async def test_pieces_are_the_whole(data: Any) -> None:
    result = ExecutionResult(data, None, {"cost": {"requested": 1}})
    whole = as_json(result)
    in_pieces = await written(result, len(whole), has_changed=False)
    assert isinstance(in_pieces, WrittenResult)
    assert as_json(in_pieces) == whole == orjson.dumps({"data": data, "extensions": {"cost": {"requested": 1}}})
    refused = await written(result, len(whole) - 1, has_changed=False)
    assert [error.extensions for error in refused.errors or ()] == [{"code": "QUERY_TOO_COMPLEX"}]
