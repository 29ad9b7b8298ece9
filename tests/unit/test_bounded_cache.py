"""A cache holds no more memory than it is given, whatever it keeps."""

import hashlib
import sys
import tracemalloc

from app.bounded_cache import BoundedCache
from app.documents import Documents
from app.operation_request import OperationRequest

_MAX = 1024 * 1024


def test_what_was_used_longest_ago_makes_room() -> None:
    cache: BoundedCache[str, int] = BoundedCache(_MAX, 2)
    cache.put("a", 1, 8)
    cache.put("b", 2, 8)
    assert cache.get("a") == 1
    cache.put("c", 3, 8)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_a_value_that_is_put_again_counts_once() -> None:
    cache: BoundedCache[str, int] = BoundedCache(_MAX)
    for size in (8, 800, 8):
        cache.put("a", size, size)
    held = cache.held_bytes
    cache.discard("a")
    cache.discard("a")
    assert (held, cache.held_bytes, cache.get("a")) == (8 + 256, 0, None)


def test_a_value_that_is_larger_than_the_cache_is_not_kept() -> None:
    cache: BoundedCache[str, int] = BoundedCache(_MAX)
    cache.put("a", 1, _MAX)
    assert (cache.get("a"), cache.held_bytes) == (None, 0)


def test_documents_of_any_length_and_alphabet_take_as_much_memory_as_is_counted() -> None:
    for text in ("{}", "{}" + "x" * 5_000, "{}" + "\N{GRINNING FACE}" * 2_000):
        documents = Documents(kept_bytes=_MAX)
        tracemalloc.start()
        try:
            for number in range(4 * _MAX // (sys.getsizeof(text) + 256)):
                query = text.replace("{}", f"{{{number}}}")
                documents.keep(OperationRequest(query, document_id=hashlib.sha256(query.encode()).hexdigest()))
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert _MAX / 2 < held <= _MAX
