"""The judge: graphql-core executes what was compiled, and the two answers are compared.

What is compared, for every document:

- the data, with the order of its keys and the classes of its values;
- each error that is not inside a nulled region: message, path and locations, as multisets.

A region is nulled where a non-null error has made an ancestor null. There graphql-core itself answers by timing: it
leaves off, or goes on and no longer reports, so which of several errors it names depends on which came first. So for
each outermost nulled position, both sides must report at least one error from inside, and every error that the
compiled side reports there must be one that happens: it must be among those that graphql-core reports for the same
operation with `@experimental_disableErrorPropagation`, under which each field fails alone and none is left out, but
inside of a value that fails as a whole (an iterator that breaks).
Where all resolvers are synchronous this leaves little room: the region's error is then the only one that happens, or
one of several that do.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from inspect import isawaitable
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    NameNode,
    OperationDefinitionNode,
)

Execute = Callable[[DocumentNode], Awaitable[ExecutionResult]]
Told = tuple[str, tuple[str | int, ...], tuple[tuple[int, int], ...]]


async def finished(answer: Any) -> ExecutionResult:
    """Return a result that may have to be awaited, once nothing goes on in the background."""
    result: ExecutionResult = await answer if isawaitable(answer) else answer
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.gather(*others, return_exceptions=True)
    return result


def told(error: GraphQLError) -> Told:
    """Return what an error tells a client."""
    locations = tuple((each.line, each.column) for each in error.locations or ())
    return error.message, tuple(error.path or ()), locations


def nulled_position(data: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the outermost position on an error's path that is null in the answer."""
    value = data
    for depth, key in enumerate(path):
        if value is None:
            return path[:depth]
        value = value[key]
    return path


def by_region(data: Any, errors: Sequence[Told]) -> tuple[Counter[Told], dict[tuple[str | int, ...], list[Told]]]:
    """Return the errors outside of nulled regions, and those inside by region."""
    outside: Counter[Told] = Counter()
    inside: dict[tuple[str | int, ...], list[Told]] = {}
    for error in errors:
        position = nulled_position(data, error[1])
        if position == error[1]:
            outside[error] += 1
        else:
            inside.setdefault(position, []).append(error)
    return outside, inside


async def compare(document: DocumentNode, compiled: ExecutionResult, judged: ExecutionResult, judge: Execute) -> bool:
    """Compare two answers of one document; return whether nothing in them was nulled by an error further in."""
    assert repr(compiled.data) == repr(judged.data)
    outside, inside = by_region(compiled.data, [told(error) for error in compiled.errors or ()])
    outside_judged, inside_judged = by_region(judged.data, [told(error) for error in judged.errors or ()])
    assert outside == outside_judged
    assert inside.keys() == inside_judged.keys()
    if inside:
        every = Counter(told(error) for error in (await judge(without_propagation(document))).errors or ())
        reported = Counter(error for errors in inside.values() for error in errors)
        cut_off = {path for _, path, _ in every}
        unknown = [
            error for error in reported - every if not any(error[1][:end] in cut_off for end in range(len(error[1])))
        ]
        assert unknown == []
    return not inside


def without_propagation(document: DocumentNode) -> DocumentNode:
    """Return the document with each field failing alone, every location as it was."""
    directive = ConstDirectiveNode(name=NameNode(value="experimental_disableErrorPropagation"))
    definitions = tuple(
        replace(each, directives=(*(each.directives or ()), directive))
        if isinstance(each, OperationDefinitionNode)
        else each
        for each in document.definitions
    )
    return replace(document, definitions=definitions)
