"""The checker: what is wrong with a history, judged by what its clients saw and by nothing else."""

from collections.abc import Iterator
from itertools import chain

from tests.chaos.check_claims import check_claims
from tests.chaos.check_log import check_log
from tests.chaos.check_real_time import check_real_time
from tests.chaos.check_streams import check_stream
from tests.chaos.history import History, Log
from tests.chaos.knowledge import Knowledge, told_by_answers, told_by_deliveries
from tests.chaos.matching import Matching
from tests.chaos.violations import Violation, Wrong


def violations_of(history: History) -> list[Violation]:
    """Return everything that is wrong with a history."""
    found = [Violation(Wrong.SURPRISE, "", surprise) for surprise in history.surprises]
    for organisation, log in history.logs.items():
        found += _violations_of_log(history, organisation, log)
    return found


def _violations_of_log(history: History, organisation: str, log: Log) -> Iterator[Violation]:
    matching = Matching(organisation, log, history.mutations)
    subscribers = [each for each in history.subscribers if each.organisation == organisation]
    reads = [each for each in history.cursor_reads if each.organisation == organisation]
    knowledge = Knowledge(chain(told_by_answers(matching.acknowledged()), told_by_deliveries(subscribers)))
    yield from check_log(matching, log)
    yield from check_claims(matching, log, knowledge)
    yield from check_real_time(matching, log, reads)
    for subscriber in subscribers:
        yield from check_stream(subscriber, log)
