"""Fields that are had whole: what their call answers, and when their resolver is asked instead."""

from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, execute, parse
from strawberry.execution import optimized_is_awaitable

from execution.compiled_documents import CompiledDocuments, Counts
from execution.whole import Request
from tests.unit.whole_schema import CORE, Log, Sizes, had_whole


@pytest.fixture
def documents() -> CompiledDocuments:
    return CompiledDocuments(20, plain_attributes=True)


@pytest.fixture
def log() -> Log:
    return Log()


async def ask(documents: CompiledDocuments, log: Log, text: str, **variables: Any) -> ExecutionResult:
    answer = documents.execute(
        CORE, parse(text), context_value=log, variable_values=variables, is_awaitable=optimized_is_awaitable
    )
    result: ExecutionResult = await answer if optimized_is_awaitable(answer) else answer
    return result


def told(result: ExecutionResult) -> list[Any]:
    """Return message, path and locations of each error."""
    return [
        (error.message, error.path, [(each.line, each.column) for each in error.locations or ()])
        for error in result.errors or ()
    ]


@pytest.mark.parametrize("operation", ["query", "mutation"])
async def test_what_the_call_returns_is_the_answer_and_the_resolver_is_not_called(
    documents: CompiledDocuments, log: Log, operation: str
) -> None:
    result = await ask(documents, log, f"{operation} {{ alias: plain }}")

    assert (result.data, result.errors) == ({"alias": "whole"}, None)
    assert log.calls == ["whole"]
    assert documents.counts == Counts(compiled=1, misses=1, whole=1)


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        pytest.param("{ never }", ["resolver"], id="declined-at-the-selection"),
        pytest.param("{ declined }", ["whole", "resolver"], id="declined-at-the-request"),
        pytest.param("mutation { declined }", ["whole", "resolver"], id="mutation-declined-at-the-request"),
        pytest.param("{ broken }", ["whole", "resolver"], id="a-fault-of-a-query"),
        pytest.param("{ permitted }", ["resolver"], id="a-permission"),
    ],
)
async def test_the_resolver_is_asked_where_a_field_is_not_had_whole(
    documents: CompiledDocuments, log: Log, text: str, calls: list[str]
) -> None:
    result = await ask(documents, log, text)

    assert result.errors is None
    assert list((result.data or {}).values()) == ["resolved"]
    assert log.calls == calls
    assert documents.counts == Counts(compiled=1, misses=1)


async def test_an_extension_of_a_field_is_called_around_its_resolver(documents: CompiledDocuments, log: Log) -> None:
    assert (await ask(documents, log, "{ loud }")).data == {"loud": "RESOLVED"}
    assert log.calls == ["resolver"]
    assert documents.counts.whole == 0


@pytest.mark.parametrize("text", ["{ plain never }", "{ plain __typename }", "{ a: plain b: plain }"])
async def test_a_field_beside_another_is_resolved(documents: CompiledDocuments, log: Log, text: str) -> None:
    result = await ask(documents, log, text)

    assert "resolved" in (result.data or {}).values()
    assert "whole" not in log.calls
    assert documents.counts.whole == 0


async def test_a_field_whose_neighbour_is_skipped_is_had_whole(documents: CompiledDocuments, log: Log) -> None:
    text = "query($yes: Boolean!) { plain never @include(if: $yes) }"

    assert (await ask(documents, log, text, yes=False)).data == {"plain": "whole"}
    assert (await ask(documents, log, text, yes=True)).data == {"plain": "resolved", "never": "resolved"}
    assert documents.counts.whole == 1


async def test_a_fault_of_a_mutation_is_its_error_and_nothing_is_run_again(
    documents: CompiledDocuments, log: Log
) -> None:
    nullable = await ask(documents, log, "mutation { broken }")
    assert nullable.data == {"broken": None}
    assert told(nullable) == [("broken", ["broken"], [(1, 12)])]
    required = await ask(documents, log, "mutation { x: brokenForGood }")
    assert required.data is None
    assert told(required) == [("broken", ["x"], [(1, 12)])]
    assert log.calls == ["whole", "whole"]
    assert documents.counts == Counts(compiled=2, misses=2)


async def test_a_value_that_is_answered_is_completed_as_the_resolver_s(documents: CompiledDocuments, log: Log) -> None:
    query = await ask(documents, log, "{ it: thing { name size __typename } }")
    assert (query.data, query.errors) == ({"it": {"name": "answered", "size": 1, "__typename": "Thing"}}, None)
    mutation = await ask(documents, log, "mutation { thing { title: name } }")
    assert (mutation.data, mutation.errors) == ({"thing": {"title": "answered"}}, None)
    nothing = await ask(documents, log, "{ nothing { name } }")
    assert (nothing.data, nothing.errors) == ({"nothing": None}, None)
    assert log.calls == ["whole"] * 3
    assert documents.counts.whole == 0


async def test_a_fault_that_is_answered_is_an_error_in_its_place(documents: CompiledDocuments, log: Log) -> None:
    fault = await ask(documents, log, "{ fault { name } }")
    assert fault.data == {"fault": None}
    assert told(fault) == [("a fault as a value", ["fault"], [(1, 3)])]
    required = await ask(documents, log, "{ required { name } }")
    assert required.data is None
    assert told(required) == [("Cannot return null for non-nullable field Query.required.", ["required"], [(1, 3)])]
    assert log.calls == ["whole"] * 2


@pytest.mark.parametrize(
    ("document", "given"),
    [
        pytest.param("{ sized(sizes: {width: 1}) }", [{}, {}], id="constants"),
        pytest.param(
            "query($n: Int) { sized(often: $n, sizes: {width: 2, height: 3}) }", [{}, {"n": 1}, {"n": 2}], id="a-scalar"
        ),
        pytest.param(
            "query($w: Int!) { sized(sizes: {width: $w}) }", [{"w": 1}, {"w": 2}, {"w": 1}], id="within-an-object"
        ),
        pytest.param(
            "query($s: Sizes!) { sized(sizes: $s) }",
            [{"s": {"width": 1}}, {"s": {"width": 2, "height": 2}}],
            id="an-object",
        ),
        pytest.param("query($word: String!) { worded(word: $word) }", [{"word": "a"}, {"word": "b"}], id="one-by-name"),
        pytest.param('query($word: String = "c") { worded(word: $word) }', [{}, {"word": "b"}], id="one-by-default"),
        pytest.param('{ worded(word: "a") }', [{}, {}], id="one-constant"),
        pytest.param("{ worded }", [{}, {}], id="one-default"),
    ],
)
async def test_a_call_gets_the_arguments_that_the_resolver_would_get(
    documents: CompiledDocuments, log: Log, document: str, given: list[dict[str, Any]]
) -> None:
    for variables in given:
        judged = execute(CORE, parse(document), context_value=log, variable_values=variables)
        assert isinstance(judged, ExecutionResult)
        found = await ask(documents, log, document, **variables)
        name = next(iter(found.data or {}))
        # The order in which arguments come says nothing.
        assert sorted((found.data or {})[name]) == sorted((judged.data or {})[name])
        assert (found.errors, judged.errors) == (None, None)
    assert documents.counts.whole == len(given)


@pytest.mark.parametrize(
    ("document", "given", "objects"),
    [
        pytest.param("{ sized(sizes: {width: 1}) }", [{}] * 3, 1, id="constants-are-converted-once"),
        pytest.param("query($w: Int!) { sized(sizes: {width: $w}) }", [{"w": 1}] * 3, 3, id="variables-each-time"),
    ],
)
async def test_arguments_are_kept_where_no_variable_is_in_them(
    documents: CompiledDocuments, log: Log, document: str, given: list[dict[str, Any]], objects: int
) -> None:
    kept: list[Any] = []

    def seen(request: Request, field: Any) -> str:
        kept.append(request.arguments(field)["sizes"])
        return "seen"

    def sized(sizes: Sizes) -> str:
        raise AssertionError("it is had whole")

    query = type("Query", (), {"sized": strawberry.field(sized, metadata=had_whole(seen))})
    core = strawberry.Schema(query=strawberry.type(query))._schema
    for variables in given:
        await documents.execute(core, parse(document), context_value=log, variable_values=variables)

    assert len({id(each) for each in kept}) == objects
    assert kept == [Sizes(width=1)] * 3


async def test_an_argument_of_a_mutation_that_may_not_be_null_is_its_error(
    documents: CompiledDocuments, log: Log
) -> None:
    document = "mutation($s: Sizes = {width: 1}) { sized(sizes: $s) }"
    judged = execute(CORE, parse(document), context_value=log, variable_values={"s": None})
    assert isinstance(judged, ExecutionResult)

    found = await ask(documents, log, document, s=None)

    assert found.data == judged.data == {"sized": None}
    assert told(found) == told(judged)
    assert log.calls == ["whole"]
