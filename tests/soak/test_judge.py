"""The judge on observations made by hand: it finds each fault that is planted, and nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.made_history import good_history
from tests.soak.ground import faults_logged
from tests.soak.judge import Fault, Wrong, faults_of
from tests.soak.observations import Attacked, Counted, Observations, Phase, Request, Sample
from tests.soak.plan import Bounds, DatabaseKind
from tests.soak.report import report

_MEBIBYTE = 2**20
_QUIET = Counted(in_use=0, idle=4, overdue=0, sockets=160, streams=40, subscriptions=200)


def _sample(at: float, phase: Phase, *, mebibytes: int = 150, counted: Counted | None = _QUIET) -> Sample:
    return Sample(at=at, phase=phase, memory=mebibytes * _MEBIBYTE, descriptors=210, counted=counted)


def _good() -> Observations:
    """Return a run in which all is well: a tenth of its samples before the attacks, a tenth after them."""
    before = [_sample(at, Phase.BEFORE, mebibytes=140) for at in range(10)]
    attacked = [_sample(at, Phase.ATTACKED, mebibytes=140 + min(at, 40)) for at in range(10, 110)]
    return Observations(
        requests=[Request(kind="inbox", at=at, seconds=0.01 + at / 1_000) for at in range(100)],
        samples=[*before, *attacked, *(_sample(at, Phase.AFTER) for at in range(110, 120))],
        quiet_before=_sample(0, Phase.BEFORE),
        quiet_after=_sample(120, Phase.AFTER),
        attackers=[Attacked(name="deaf", what="sockets that never read", attacks=9, answers={"left": 180})],
        history=good_history(),
    )


def _faults(seen: Observations) -> list[Fault]:
    return faults_of(seen, Bounds())


def _wrong(seen: Observations) -> list[Wrong]:
    return [fault.wrong for fault in _faults(seen)]


def _attacked(seen: Observations, megabytes: Sequence[int]) -> None:
    rest = [each for each in seen.samples if each.phase is not Phase.ATTACKED]
    seen.samples = [*rest, *(_sample(at, Phase.ATTACKED, mebibytes=each) for at, each in enumerate(megabytes))]


def _afterwards(seen: Observations, descriptors: int = 210, **counted: int) -> None:
    assert seen.quiet_after is not None
    seen.quiet_after = replace(seen.quiet_after, descriptors=descriptors, counted=replace(_QUIET, **counted))


def test_nothing_is_wrong_with_a_good_run() -> None:
    assert _faults(_good()) == []


def test_a_refused_request_is_found() -> None:
    seen = _good()
    seen.requests[7] = replace(seen.requests[7], refused="HTTP 504")
    assert _faults(seen) == [Fault(Wrong.REFUSED, "inbox: HTTP 504")]


def test_a_request_of_just_more_than_half_a_second_is_found() -> None:
    seen = _good()
    seen.requests[6] = replace(seen.requests[6], seconds=0.5)
    assert _faults(seen) == []
    seen.requests[7] = replace(seen.requests[7], seconds=0.501)
    assert _faults(seen) == [Fault(Wrong.SLOW, "inbox: 501 ms")]


def test_an_answer_that_is_another_s_is_found() -> None:
    seen = _good()
    seen.requests[7] = replace(seen.requests[7], foreign="honest-1 was answered {}")
    assert _wrong(seen) == [Wrong.FOREIGN]


def test_an_event_that_is_lost_is_found() -> None:
    seen = _good()
    del seen.history.subscribers[0].heard[3]
    assert _faults(seen) == [
        Fault(
            Wrong.DELIVERY,
            "lost: admin: 5 Told(id='event 5', cursor='cursor 5',"
            " kind='OrderStatusChanged', previous='IN_FORCE', status='LOSS_REPORTED')",
        )
    ]


def test_an_event_that_is_delivered_twice_is_found() -> None:
    seen = _good()
    heard = seen.history.subscribers[0].heard
    heard.insert(5, heard[2])
    assert _faults(seen) == [Fault(Wrong.DELIVERY, "duplicated: admin: 4")]


def test_events_in_the_wrong_order_are_found() -> None:
    seen = _good()
    heard = seen.history.subscribers[0].heard
    heard[2], heard[3] = heard[3], heard[2]
    assert _faults(seen) == [Fault(Wrong.DELIVERY, "reordered: admin: 4 after 5")]


def test_a_listener_that_was_dropped_is_found() -> None:
    seen = _good()
    seen.counts.endings["broken"] += 2
    assert _faults(seen) == [Fault(Wrong.DROPPED, "2 times: broken")]


def test_memory_that_rises_after_the_warm_up_is_found() -> None:
    seen = _good()
    _attacked(seen, range(140, 240))
    # The medians of the second fifth and of the last.
    assert _faults(seen) == []
    _attacked(seen, [140 + 2 * each for each in range(100)])
    assert _faults(seen) == [Fault(Wrong.MEMORY, "it rose by 120 MB after the warm-up")]


def test_memory_that_is_taken_at_once_is_found() -> None:
    seen = _good()
    _attacked(seen, [140, 397, *([180] * 98)])
    assert _faults(seen) == [Fault(Wrong.MEMORY, "it was 257 MB more than before the attacks")]


def test_one_attacker_alone_may_take_less_memory_than_all() -> None:
    seen = _good()
    _attacked(seen, [140, 205, *([180] * 98)])
    assert [each.wrong for each in faults_of(seen, Bounds(most_bytes=Bounds.rise_bytes))] == [Wrong.MEMORY]


def test_descriptors_that_stay_open_are_found() -> None:
    seen = _good()
    _afterwards(seen, descriptors=218)
    assert _faults(seen) == []
    _afterwards(seen, descriptors=219)
    assert _faults(seen) == [Fault(Wrong.DESCRIPTORS, "9 more than before the attacks")]


def test_the_connections_of_the_pool_are_no_descriptors_that_stay_open() -> None:
    seen = _good()
    _afterwards(seen, descriptors=230, idle=24)
    assert _faults(seen) == []
    # Those of SQLite are files.
    seen.database = DatabaseKind.SQLITE
    assert _wrong(seen) == [Wrong.DESCRIPTORS]


def test_connections_that_the_pool_does_not_get_back_are_found() -> None:
    seen = _good()
    _afterwards(seen, in_use=1)
    assert _faults(seen) == [Fault(Wrong.POOL, "1 are in use, before the attacks 0")]


def test_connections_that_are_lent_for_too_long_are_found() -> None:
    seen = _good()
    seen.samples[50] = replace(seen.samples[50], counted=replace(_QUIET, overdue=2))
    assert _faults(seen) == [Fault(Wrong.POOL, "2 were lent for longer than a request may take")]


@pytest.mark.parametrize("name", ["sockets", "streams", "subscriptions"])
def test_what_the_server_still_counts_after_the_attacks_is_found(name: str) -> None:
    seen = _good()
    _afterwards(seen, **{name: 300})
    assert _wrong(seen) == [Wrong.KEPT]


def test_what_an_attacker_achieves_is_found() -> None:
    seen = _good()
    seen.attackers = [replace(each, surprises=["HTTP 500"]) for each in seen.attackers]
    assert _faults(seen) == [Fault(Wrong.ACHIEVED, "deaf: HTTP 500")]


def test_a_server_that_has_ended_is_found() -> None:
    seen = _good()
    seen.ended = "the server ended with -9"
    assert _faults(seen) == [Fault(Wrong.ENDED, "the server ended with -9")]


def test_a_run_in_which_nothing_happens_is_no_good_run() -> None:
    assert _faults(Observations()) == [
        Fault(Wrong.NOTHING, "no sample before the attacks"),
        Fault(Wrong.NOTHING, "no sample during the attacks"),
        Fault(Wrong.NOTHING, "no sample after the attacks"),
        Fault(Wrong.NOTHING, "no honest request"),
        Fault(Wrong.NOTHING, "no delivery"),
        Fault(Wrong.NOTHING, "no attacker"),
        Fault(Wrong.NOTHING, "the log was not read"),
        Fault(Wrong.NOTHING, "the server was not seen when nobody else asked"),
    ]


def test_an_attacker_that_ends_no_attack_shows_nothing() -> None:
    seen = _good()
    seen.attackers = [replace(each, attacks=1, answers={}) for each in seen.attackers]
    assert _faults(seen) == [Fault(Wrong.NOTHING, "deaf ended no attack")]


def test_faults_that_the_server_logs_are_found(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        '{"level":"INFO","event":"operation","name":"ERROR"}\n'
        '{"level":"ERROR","event":"log","message":"an operation failed","faults":[{"type":"KeyError","at":[]}]}\n'
        '{"level":"ERROR","event":"log","message":"an operation failed","faults":[{"type":"KeyError","at":[]}]}\n'
        "Fatal Python error: Segmentation fault\n"
    )
    seen = _good()
    seen.faults_logged = faults_logged(log)
    assert _faults(seen) == [
        Fault(Wrong.LOGGED, "2 times: an operation failed KeyError"),
        Fault(Wrong.LOGGED, "1 times: Fatal Python error: Segmentation fault"),
    ]


def test_the_report_ends_with_the_verdict() -> None:
    seen = _good()
    assert list(report(seen, []))[-1] == "all is well"
    lines = list(report(seen, [Fault(Wrong.SLOW, "inbox: 501 ms")]))
    assert lines[-3:] == ["1 faults", "HONEST REQUESTS TOO SLOW: 1", "  inbox: 501 ms"]
