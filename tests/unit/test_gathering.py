"""Entries that wait for the same key are done together, in the order in which they came, and none is left waiting."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from db.gathering import MAX_GROUP, Gathering, Group


class _Work:
    """Work that notes its groups, and that ends when the test lets it."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun = asyncio.Event()
        self.released = asyncio.Event()

    async def run(self, entries: Sequence[int]) -> list[int]:
        self.groups.append(list(entries))
        self.begun.set()
        await self.released.wait()
        if -1 in entries:
            raise ValueError("no such entry")
        return [entry * 10 for entry in entries]


async def joined(
    gathering: Gathering, key: str, entry: int, run: Callable[[Sequence[int]], Awaitable[list[int]]]
) -> int:
    return await gathering.enter(key, entry, lambda entries, _: run(entries))


async def test_what_comes_while_a_group_is_done_is_the_next_group() -> None:
    gathering, work = Gathering(), _Work()
    first = [asyncio.create_task(joined(gathering, "k", number, work.run)) for number in (3, 1)]
    await work.begun.wait()
    later = [asyncio.create_task(joined(gathering, "k", number, work.run)) for number in (9, 2, 5)]
    await asyncio.sleep(0)
    assert work.groups == [[3, 1]]
    work.released.set()
    assert await asyncio.gather(*first, *later) == [30, 10, 90, 20, 50]
    assert work.groups == [[3, 1], [9, 2, 5]]


async def test_a_group_has_an_upper_bound() -> None:
    gathering, work = Gathering(), _Work()
    work.released.set()
    numbers = list(range(2 * MAX_GROUP + 1))
    answers = await asyncio.gather(*(joined(gathering, "k", number, work.run) for number in numbers))
    assert answers == [10 * number for number in numbers]
    assert work.groups == [numbers[:MAX_GROUP], numbers[MAX_GROUP:-1], numbers[-1:]]


async def test_entries_of_different_keys_are_never_in_one_group_and_do_not_wait_for_each_other() -> None:
    gathering, held, free = Gathering(), _Work(), _Work()
    free.released.set()
    waiting = asyncio.create_task(joined(gathering, "held", 1, held.run))
    await held.begun.wait()
    assert await asyncio.gather(*(joined(gathering, "free", number, free.run) for number in (1, 2))) == [10, 20]
    assert (held.groups, free.groups) == ([[1]], [[1, 2]])
    held.released.set()
    assert await waiting == 10


async def test_where_a_group_fails_each_entry_is_done_alone_in_order() -> None:
    gathering, work = Gathering(), _Work()
    work.released.set()
    entries = (joined(gathering, "k", number, work.run) for number in (1, -1, 2))
    first, fault, last = await asyncio.gather(*entries, return_exceptions=True)
    assert (first, repr(fault), last) == (10, "ValueError('no such entry')", 20)
    assert work.groups == [[1, -1, 2], [1], [-1], [2]]


async def test_an_entry_whose_caller_is_cancelled_is_done_and_harms_no_other() -> None:
    gathering, work = Gathering(), _Work()
    tasks = [asyncio.create_task(joined(gathering, "k", number, work.run)) for number in (1, 2, 3)]
    await work.begun.wait()
    late = [asyncio.create_task(joined(gathering, "k", number, work.run)) for number in (4, 5)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    late[0].cancel()
    work.released.set()
    answers = await asyncio.gather(*tasks, *late, return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, BaseException)] == [10, 30, 50]
    assert [type(answers[place]) for place in (1, 3)] == [asyncio.CancelledError] * 2
    assert work.groups == [[1, 2, 3], [4, 5]]


async def test_to_finish_is_to_wait_for_all_that_has_joined() -> None:
    gathering, work = Gathering(), _Work()
    tasks = [asyncio.create_task(joined(gathering, key, 1, work.run)) for key in "ab"]
    await work.begun.wait()
    tasks.append(asyncio.create_task(joined(gathering, "a", 2, work.run)))
    finishing = asyncio.create_task(gathering.finish())
    await asyncio.sleep(0)
    assert not finishing.done()
    work.released.set()
    await finishing
    assert work.groups == [[1], [1], [2]]
    assert await asyncio.gather(*tasks) == [10, 10, 20]


async def test_the_next_group_begins_beside_one_that_lets_it_and_there_is_never_a_third() -> None:
    gathering = Gathering()
    groups: list[list[int]] = []
    ends = [asyncio.Event() for _ in range(4)]

    async def run(entries: Sequence[int], group: Group) -> list[int]:
        number = len(groups)
        groups.append(list(entries))
        group.let_next_begin()
        # To say it again changes nothing.
        group.let_next_begin()
        await ends[number].wait()
        return [entry * 10 for entry in entries]

    answers = []
    for number in range(4):
        answers.append(gathering.enter("k", number, run))
        for _ in range(4):
            await asyncio.sleep(0)
    assert groups == [[0], [1]]
    ends[1].set()
    assert await answers[1] == 10
    for _ in range(4):
        await asyncio.sleep(0)
    # All that has gathered meanwhile is one group.
    assert groups == [[0], [1], [2, 3]]
    for end in ends:
        end.set()
    assert await asyncio.gather(*answers) == [0, 10, 20, 30]
    await gathering.finish()


async def test_a_group_can_wait_until_those_before_it_have_ended_and_then_nobody_overtakes() -> None:
    gathering = Gathering()
    told: list[int] = []
    begun: list[int] = []
    released = asyncio.Event()

    async def run(entries: Sequence[int], group: Group) -> list[int]:
        begun.extend(entries)
        group.let_next_begin()
        if 0 in entries:
            await released.wait()
        await group.formers_ended()
        told.extend(entries)
        return [entry * 10 for entry in entries]

    first = gathering.enter("k", 0, run)
    for _ in range(4):
        await asyncio.sleep(0)
    second = gathering.enter("k", 1, run)
    for _ in range(4):
        await asyncio.sleep(0)
    assert (begun, told) == ([0, 1], [])
    released.set()
    assert [await second, await first] == [10, 0]
    assert told == [0, 1]
    # Where nobody is before it there is nothing to wait for.
    assert await gathering.enter("k", 2, run) == 20
    await gathering.finish()


async def test_a_group_that_has_not_let_the_next_begin_is_followed_when_it_has_ended() -> None:
    gathering = Gathering()
    groups: list[list[int]] = []
    held, released = asyncio.Event(), asyncio.Event()

    async def run(entries: Sequence[int], _: Group) -> list[int]:
        groups.append(list(entries))
        held.set()
        await released.wait()
        return list(entries)

    first = gathering.enter("k", 1, run)
    await held.wait()
    second = gathering.enter("k", 2, run)
    for _ in range(4):
        await asyncio.sleep(0)
    assert groups == [[1]]
    released.set()
    assert [await first, await second] == [1, 2]
    assert groups == [[1], [2]]


async def test_nobody_waits_for_ever_where_the_work_is_cut_off() -> None:
    gathering = Gathering()
    begun = asyncio.Event()

    async def cut_off(_: Sequence[int]) -> list[int]:
        begun.set()
        # Those who come meanwhile are cut off too.
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    tasks = [asyncio.create_task(joined(gathering, "k", number, cut_off)) for number in (1, 2)]
    await begun.wait()
    tasks.append(asyncio.create_task(joined(gathering, "k", 3, cut_off)))
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 3
    await gathering.finish()
    work = _Work()
    work.released.set()
    assert await joined(gathering, "k", 4, work.run) == 40


async def test_answers_that_are_too_few_are_given_to_nobody() -> None:
    gathering = Gathering()

    async def too_few(entries: Sequence[int]) -> list[int]:
        return list(entries[1:])

    outcomes = await asyncio.gather(
        *(joined(gathering, "k", number, too_few) for number in (1, 2)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 2
