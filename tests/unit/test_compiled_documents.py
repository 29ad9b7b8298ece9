"""What compiled documents answer, and what is remembered of them."""

import asyncio
from typing import Annotated, Any

import pytest
import strawberry
from graphql import ExecutionResult, parse
from strawberry.execution import optimized_is_awaitable

from execution.batching import in_batches
from execution.compiled_documents import CompiledDocuments, Counts


class Log:
    """What was called."""

    def __init__(self) -> None:
        self.calls: list[str] = []


async def _lengths(info: strawberry.Info, sources: list[Any], more: int) -> list[Any]:
    info.context.calls.append(f"lengths of {len(sources)}")
    return [ValueError("too short") if len(each.title) < 2 else len(each.title) + more for each in sources]


async def _too_few(info: strawberry.Info, sources: list[Any]) -> list[Any]:
    return [1]


@strawberry.type
class Book:
    title: str
    pages: int | None = None
    sequel: Annotated["Book", strawberry.lazy("tests.unit.test_compiled_documents")] | None = None

    @strawberry.field(metadata=in_batches(_lengths))
    def length(self, more: int = 0) -> int | None:
        raise AssertionError("there is a batch")

    @strawberry.field(metadata=in_batches(_too_few))
    def miscounted(self) -> int | None:
        raise AssertionError("there is a batch")

    @strawberry.field
    async def author(self) -> str:
        await asyncio.sleep(0)
        if self.title == "Anonymous":
            raise ValueError("nobody knows")
        return f"the author of {self.title}"


class Slow:
    """Stands for a book; makes a new coroutine each time it is read."""

    @property
    def title(self) -> Any:
        return self._title()

    async def _title(self) -> str:
        await asyncio.sleep(0)
        return "slow"


@strawberry.type
class Film:
    title: str
    minutes: int = 90


Work = Annotated[Book | Film, strawberry.union("Work")]
A, B = "A Book", "B"


@strawberry.type
class Query:
    @strawberry.field
    def books(self) -> list[Book | None]:
        return [Book(title=A, pages=7, sequel=Book(title="Anonymous")), None, Book(title=B)]

    @strawberry.field
    def works(self) -> list[Work]:
        return [Film(title="F"), Book(title=A)]

    @strawberry.field
    def anonymous(self) -> list[Book]:
        return [Book(title=A), Book(title="Anonymous")]

    @strawberry.field
    def slow(self) -> Book:
        return Slow()  # type: ignore[return-value]  # it stands for one

    @strawberry.field
    def echo(self, text: str = "default") -> str:
        return text


@strawberry.type
class Mutation:
    missing: str

    @strawberry.field
    async def put(self, info: strawberry.Info, name: str) -> str:
        info.context.calls.append(f"begin {name}")
        await asyncio.sleep(0)
        info.context.calls.append(f"end {name}")
        if name == "bad":
            raise ValueError("bad")
        return name


CORE = strawberry.Schema(query=Query, mutation=Mutation)._schema


@pytest.fixture
def documents() -> CompiledDocuments:
    return CompiledDocuments(2, plain_attributes=True)


@pytest.fixture
def log() -> Log:
    return Log()


async def ask(documents: CompiledDocuments, log: Log, text: str, **variables: Any) -> ExecutionResult:
    answer = documents.execute(
        CORE, parse(text), context_value=log, variable_values=variables, is_awaitable=optimized_is_awaitable
    )
    result: ExecutionResult = await answer if optimized_is_awaitable(answer) else answer
    return result


async def test_fields_under_one_key_are_merged_in_the_order_of_the_document(
    documents: CompiledDocuments, log: Log
) -> None:
    text = """{ books { pages ...Title sequel { title } } books { name: title sequel { __typename } } }
              fragment Title on Book { title }"""

    result = await ask(documents, log, text)

    assert result.errors is None
    assert repr(result.data) == repr(
        {
            "books": [
                {
                    "pages": 7,
                    "title": A,
                    "sequel": {"title": "Anonymous", "__typename": "Book"},
                    "name": A,
                },
                None,
                {"pages": None, "title": B, "sequel": None, "name": B},
            ]
        }
    )


async def test_values_of_a_union_have_what_is_selected_of_their_type(documents: CompiledDocuments, log: Log) -> None:
    result = await ask(documents, log, "{ works { __typename ... on Film { minutes } ... on Book { author } } }")

    assert result.data == {
        "works": [{"__typename": "Film", "minutes": 90}, {"__typename": "Book", "author": f"the author of {A}"}]
    }


async def test_a_batch_is_called_once_with_the_arguments_and_fails_for_one_parent_alone(
    documents: CompiledDocuments, log: Log
) -> None:
    result = await ask(documents, log, "query($more: Int!) { books { length(more: $more) } }", more=10)

    assert result.data == {"books": [{"length": 16}, None, {"length": None}]}
    assert [(error.message, error.path) for error in result.errors or ()] == [("too short", ["books", 2, "length"])]
    assert log.calls == ["lengths of 2"]


async def test_an_error_where_nothing_may_be_null_makes_null_of_what_is_around_it(
    documents: CompiledDocuments, log: Log
) -> None:
    result = await ask(documents, log, "{ books { sequel { author } } anonymous { author } }")
    alone = await ask(documents, log, "{ books { sequel { author } } }")

    assert result.data is None
    assert alone.data == {"books": [{"sequel": None}, None, {"sequel": None}]}
    [error] = alone.errors or []
    assert (error.message, error.path) == ("nobody knows", ["books", 0, "sequel", "author"])
    assert [(each.line, each.column) for each in error.locations or ()] == [(1, 20)]


async def test_fields_of_a_mutation_run_one_after_the_other_until_one_fails(
    documents: CompiledDocuments, log: Log
) -> None:
    result = await ask(documents, log, """mutation { a: put(name: "a") b: put(name: "bad") c: put(name: "c") }""")

    assert result.data is None
    assert [(error.message, error.path) for error in result.errors or ()] == [("bad", ["b"])]
    assert log.calls == ["begin a", "end a", "begin bad", "end bad"]


async def test_a_plain_field_of_a_mutation_fails_in_its_turn(documents: CompiledDocuments, log: Log) -> None:
    result = await ask(documents, log, """mutation { put(name: "a") missing b: put(name: "b") }""")

    assert result.data is None
    assert [error.path for error in result.errors or ()] == [["missing"]]
    assert log.calls == ["begin a", "end a"]


async def test_a_batch_must_answer_for_each_parent(documents: CompiledDocuments, log: Log) -> None:
    result = await ask(documents, log, "{ books { miscounted } }")

    assert result.data == {"books": [{"miscounted": None}, None, {"miscounted": None}]}
    assert {error.message for error in result.errors or ()} == {"The batch of miscounted has answered 1 for 2."}


async def test_a_coroutine_that_a_property_makes_is_awaited_and_none_is_left_over(
    documents: CompiledDocuments, log: Log
) -> None:
    result = await ask(documents, log, "{ slow { title } }")

    assert (result.data, result.errors) == ({"slow": {"title": "slow"}}, None)


async def test_a_document_is_compiled_once_for_all_variables_and_conditions(
    documents: CompiledDocuments, log: Log
) -> None:
    text = "query($say: String, $full: Boolean! = false) { echo(text: $say) works @include(if: $full) { __typename } }"
    works = [{"__typename": "Film"}, {"__typename": "Book"}]

    answers = [
        await ask(documents, log, text, say="one"),
        await ask(documents, log, text, say="two", full=True),
        await ask(documents, log, text, full=False),
        await ask(documents, log, text, full=True),
    ]

    assert [each.data for each in answers] == [
        {"echo": "one"},
        {"echo": "two", "works": works},
        {"echo": "default"},
        {"echo": "default", "works": works},
    ]
    assert documents.counts == Counts(compiled=4, interpreted=0, hits=3, misses=1)


async def test_the_document_used_longest_ago_is_forgotten_first(documents: CompiledDocuments, log: Log) -> None:
    for text in ("{ echo }", "{ a: echo }", "{ echo }", "{ b: echo }", "{ echo }", "{ a: echo }"):
        await ask(documents, log, text)

    assert documents.counts == Counts(compiled=6, interpreted=0, hits=2, misses=4)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("query @experimental_disableErrorPropagation { echo }", id="directive-of-the-operation"),
        pytest.param("{ echo @stranger }", id="directive-of-a-field"),
        pytest.param("query($no: Boolean = true) { echo @include(if: $no) }", id="condition-that-is-null"),
    ],
)
async def test_graphql_core_executes_what_is_not_compiled(documents: CompiledDocuments, log: Log, text: str) -> None:
    await ask(documents, log, text, no=None)

    assert (documents.counts.compiled, documents.counts.interpreted) == (0, 1)


async def test_graphql_core_executes_what_something_wants_to_be_called_around(documents: CompiledDocuments) -> None:
    def twice(next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        return next_(source, info, **arguments) * 2

    answer = documents.execute(CORE, parse("{ echo }"), middleware=[twice])

    assert answer.data == {"echo": "defaultdefault"}
    assert documents.counts.interpreted == 1


async def test_faulty_variables_are_refused_before_anything_is_executed(documents: CompiledDocuments, log: Log) -> None:
    result = await ask(documents, log, "mutation($name: String!) { put(name: $name) }", name=5)

    assert result.data is None
    assert [error.message for error in result.errors or ()] == [
        "Variable '$name' has invalid value: String cannot represent a non string value: 5"
    ]
    assert log.calls == []
