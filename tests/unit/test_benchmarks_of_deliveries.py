"""What the benchmark of deliveries does beside measuring: it must neither miss a message nor believe a wrong one."""

import json
import math
import threading
import xml.etree.ElementTree
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from benchmarks.arena import Shape
from benchmarks.broadcasters import GRAPHQL_WS, ONE_MEMBER, PICOWS
from benchmarks.contestants import ORDINARY, OURS
from benchmarks.crowd import Crowd, CrowdScale
from benchmarks.delays import Delays, delays
from benchmarks.deliveries import Burst, Deliveries, Scale, median_burst
from benchmarks.deliveries_report import deliveries_markdown
from benchmarks.exactness import require_exact, require_same_shape
from benchmarks.frames import PING, TEXT, client_frame, frames_in, scan
from benchmarks.listeners import Listeners, Opening
from benchmarks.peers.status_changes import ORDERS, status_changes
from benchmarks.plot import draw
from benchmarks.results import Results, goals_of

MILLISECOND = 1_000_000
NARROW = CrowdScale(50, 8, 1.0, 20, 10, 8, 2, 20, 1.0, 1.0, 100)
SCALE = Scale(1, listeners=10, events=5, seconds=1.0, rate=20, steady_seconds=1.0, crowd=NARROW)


def server_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes([0x80 | opcode, length]) + payload
    if length < 1 << 16:
        return bytes([0x80 | opcode, 126]) + length.to_bytes(2) + payload
    return bytes([0x80 | opcode, 127]) + length.to_bytes(8) + payload


FRAMES = st.lists(
    st.one_of(
        st.sampled_from([0, 1, 125, 126, 127, 500, 65_535, 65_536]).map(lambda size: (TEXT, b"x" * size)),
        st.binary(max_size=20).map(lambda payload: (PING, payload)),
    ),
    max_size=8,
)


@given(FRAMES, st.data())
def test_frames_are_counted_by_their_heads_wherever_the_bytes_are_cut(
    frames: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    whole = b"".join(server_frame(payload, opcode) for opcode, payload in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    texts, others, part, seen = 0, False, b"", []
    for begin, end in pairwise([0, *cuts, len(whole)]):
        part += whole[begin:end]
        found, consumed, mixed = scan(part)
        seen += list(frames_in(part[:consumed]))
        texts, others, part = texts + found, others or mixed, part[consumed:]
    assert part == b""
    assert seen == frames
    assert texts == sum(opcode == TEXT for opcode, _ in frames)
    assert others == any(opcode != TEXT for opcode, _ in frames)


@pytest.mark.parametrize("data", [b"\x01\x00", b"\xc1\x00", b"\x81\x02x"], ids=["fragment", "compressed", "cut off"])
def test_bytes_that_are_no_whole_frame_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no whole frame"):
        list(frames_in(data))


def event(sequence: int, **different: object) -> dict[str, Any]:
    return {"__typename": "OrderStatusChanged", "sequence": sequence, "order": {"version": 1}, **different}


def message(identifier: str, sequence: int, **different: object) -> str:
    data = {"organisationEvents": event(sequence, **different)}
    return json.dumps({"id": identifier, "type": "next", "payload": {"data": data}})


Speak = Callable[[ServerConnection, str, int], None]


@contextmanager
def listening(speak: Speak, count: int = 3, keep: int | None = None) -> Iterator[Listeners]:
    """Open listeners on a server that speaks to each of them, given its operation and number, when all are there."""
    numbers, all_there = iter(range(count)), threading.Event()

    def handle(connection: ServerConnection) -> None:
        assert json.loads(connection.recv()) == {"type": "connection_init"}
        connection.send('{"type":"connection_ack"}')
        operation, number = json.loads(connection.recv())["id"], next(numbers)
        all_there.wait()
        speak(connection, operation, number)
        with suppress(ConnectionClosed):
            connection.recv()

    protocols = [Subprotocol("graphql-transport-ws")]
    with serve(handle, "127.0.0.1", 0, subprotocols=protocols, ping_interval=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        listeners = Listeners(server.socket.getsockname()[1])
        try:
            # One after the other, so that each number is that of its listener.
            for opening in map(opening_of, range(count)):
                listeners.open([opening], 1, 10.0)
            listeners.begin_anew(keep)
            all_there.set()
            yield listeners
        finally:
            all_there.set()
            listeners.close()
            server.shutdown()
            thread.join()


def opening_of(number: int) -> Opening:
    subscribe = json.dumps({"id": f"operation-{number}", "type": "subscribe"}).encode()
    return Opening(f"operation-{number}", client_frame(b'{"type": "connection_init"}'), client_frame(subscribe))


def say_in_order(connection: ServerConnection, operation: str, _number: int) -> None:
    connection.send(message(operation, 7))
    connection.ping()
    connection.send(message(operation, 8))


def test_listeners_who_all_get_every_event_once_and_in_order_are_exact() -> None:
    with listening(say_in_order) as listeners:
        assert listeners.hear(2, 10.0)
        assert require_exact(listeners.all, 2) == [event(7), event(8)]
        assert sum(count for _, count, _ in listeners.arrivals) == 6


def test_a_listener_that_keeps_only_the_last_message_is_exact_too() -> None:
    with listening(say_in_order, keep=1) as listeners:
        assert listeners.hear(2, 10.0)
        assert [listener.kept != [] for listener in listeners.all] == [True, False, False]
        assert require_exact(listeners.all, 2) == [event(7), event(8)]


def says(*different: str) -> Speak:
    """Return a server that says 7 and 8 to the first two listeners, and something else to the third."""

    def speak(connection: ServerConnection, operation: str, number: int) -> None:
        for text in different if number == 2 else (message(operation, 7), message(operation, 8)):
            connection.send(text)

    return speak


@pytest.mark.parametrize("keep", [None, 1], ids=["all kept", "one kept"])
@pytest.mark.parametrize(
    "different",
    [
        [message("operation-2", 7), message("operation-2", 7)],
        [message("operation-2", 8), message("operation-2", 7)],
        [message("operation-2", 7), message("operation-2", 8, status="CANCELLED")],
        [message("operation-2", 7, status="CANCELLED"), message("operation-2", 8)],
        [message("operation-2", 7), '{"id": "operation-2", "type": "complete"}'],
        [message("operation-2", 7), '{"id": "operation-2", "type": "error", "payload": []}'],
    ],
    ids=["twice", "in another order", "other content", "other content before", "ended", "failed"],
)
def test_a_listener_that_gets_anything_else_is_found(different: Sequence[str], keep: int | None) -> None:
    with listening(says(*different), keep=keep) as listeners:
        assert listeners.hear(2, 10.0)
        with pytest.raises(RuntimeError):
            require_exact(listeners.all, 2)


def test_a_listener_that_gets_the_messages_of_another_operation_is_found() -> None:
    with listening(says(message("operation-0", 7), message("operation-0", 8))) as listeners:
        assert listeners.hear(2, 10.0)
        with pytest.raises(RuntimeError, match="not its own"):
            require_exact(listeners.all, 2)
        assert len(require_exact(listeners.all, 2, any_id=True)) == 2


def test_what_never_comes_is_not_waited_for_for_ever() -> None:
    with listening(says(message("operation-2", 7))) as listeners:
        assert listeners.run(lambda: listeners.received == 5, 10.0)
        assert not listeners.hear(2, 0.05)
        with pytest.raises(RuntimeError, match="got 1"):
            require_exact(listeners.all, 2)


def test_events_with_a_gap_between_them_are_not_in_a_row() -> None:
    def speak(connection: ServerConnection, operation: str, _number: int) -> None:
        connection.send(message(operation, 7))
        connection.send(message(operation, 9))

    with listening(speak) as listeners:
        assert listeners.hear(2, 10.0)
        with pytest.raises(RuntimeError, match="instead of 2 events in a row"):
            require_exact(listeners.all, 2)


def test_a_socket_that_the_server_closes_ends_the_run() -> None:
    with (
        listening(lambda connection, _operation, _number: connection.close(), count=1) as listeners,
        pytest.raises(RuntimeError, match="closes a socket"),
    ):
        listeners.hear(1, 10.0)


def test_messages_of_another_shape_are_told_apart() -> None:
    ours = json.loads(message("1", 7))
    require_same_shape({"ours": ours, "theirs": json.loads(message("2", 9))})
    with pytest.raises(RuntimeError, match="theirs delivers"):
        require_same_shape({"ours": ours, "theirs": json.loads(message("2", 9, status="IN_FORCE"))})


def test_delays_are_of_all_deliveries_and_of_each_events_last() -> None:
    arrivals = [(0, 2, 12 * MILLISECOND), (0, 1, 20 * MILLISECOND), (1, 1, 50 * MILLISECOND)]
    assert delays(arrivals, [10 * MILLISECOND, 11 * MILLISECOND], 2) == Delays(
        p50=10.0, p99=39.0, last_p50=39.0, last_p99=39.0
    )


def test_what_did_not_come_is_infinitely_late() -> None:
    taken = delays([(0, 1, 12 * MILLISECOND), (0, 2, 12 * MILLISECOND)], [10 * MILLISECOND, 11 * MILLISECOND], 2)
    assert (taken.p50, taken.p99, taken.last_p50, taken.last_p99) == (2.0, math.inf, math.inf, math.inf)


def test_medians_of_bursts_are_taken_of_each_figure() -> None:
    bursts = [Burst(5, 10.0, 6.0, 9.0, 1.0), Burst(5, 30.0, 5.0, 8.0, 2.0), Burst(4, 20.0, 4.0, 1.0, 3.0)]
    assert median_burst(bursts) == Burst(5, 20.0, 5.0, 8.0, 2.0)


def test_peers_publish_changes_of_one_order_after_the_other() -> None:
    changes = list(islice(status_changes(), 2 * ORDERS))
    assert [change.sequence for change in changes] == list(range(1, 2 * ORDERS + 1))
    first, again = changes[0], changes[ORDERS]
    assert (first.status, first.previous_status) == (again.previous_status, again.status)
    assert (first.order_id, first.version + 1) == (again.order_id, again.version)


def measured(ours: float, late: float) -> Results:
    """Return results of deliveries, given our deliveries a second and our delays in milliseconds."""
    figures = {OURS: ours, ONE_MEMBER: ours, GRAPHQL_WS: 100.0, ORDINARY: 10.0, PICOWS: 600.0}
    bursts = {name: Burst(5, per_second, per_second, 1.0, 1.0) for name, per_second in figures.items()}
    steady = {name: Delays(late, late, late, late) for name in figures}
    crowd = Crowd(late, steady[OURS], late / 10, Delays(9.0, 9.0, 9.0, 9.0), steady[OURS], late)
    sizes = dict.fromkeys(figures, 500)
    hot, spread = Shape("hot", 1, 2, 3), Shape("spread", 2, 2, 6)
    deliveries = Deliveries(SCALE, sizes, bursts, bursts, steady, crowd)
    return Results(5, 1000, {}, [], {}, hot, spread, deliveries)


def test_every_goal_of_deliveries_is_met_by_a_server_that_meets_it() -> None:
    goals = goals_of(measured(500.0, late=12.0))
    assert [goal.text for goal in goals if not goal.met] == []
    assert len(goals) == 9


@pytest.mark.parametrize("late", [1000.0, math.inf])
def test_a_slow_server_misses_every_goal_of_deliveries(late: float) -> None:
    assert [goal.met for goal in goals_of(measured(9.0, late))] == [False] * 9


def test_where_nothing_came_in_time_before_either_it_is_no_merit_to_be_no_slower() -> None:
    results = measured(500.0, late=math.inf)
    never = Delays(math.inf, math.inf, math.inf, math.inf)
    assert results.deliveries is not None
    crowd = Crowd(1.0, never, 1.0, all_read=never, some_read=never, grown=1.0)
    results = replace(results, deliveries=replace(results.deliveries, crowd=crowd))
    goals = {goal.text: goal.met for goal in goals_of(results)}
    assert goals["2 of 10 stop reading: p99 of the others, against before"] is False


def test_what_did_not_come_in_time_is_told_in_words() -> None:
    deliveries = measured(500.0, late=math.inf).deliveries
    assert deliveries is not None
    text = deliveries_markdown(deliveries)
    assert f"| {OURS} | not in time |" in text
    assert "inf" not in text
    assert f"| {GRAPHQL_WS} | 5 | 100 | 100 | 1.00 | 1.00 | 5.00 |" in text


def test_the_drawing_of_deliveries_is_well_formed() -> None:
    root = xml.etree.ElementTree.fromstring(draw(measured(500.0, late=math.inf)))
    assert len(root.findall("{http://www.w3.org/2000/svg}rect")) == 6
