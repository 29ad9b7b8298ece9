import base64
import struct
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from db.log_cursor import LogCursor
from db.log_tables import EventRow
from domain.errors import CursorInvalid
from domain.vocabulary import EventKind

ORGANISATION = UUID("00112233-4455-6677-8899-aabbccddeeff")
EVENT = UUID("0190f2a8-1234-7abc-9def-000000000001")

CURSOR_BYTES = 33
cursors = st.builds(
    LogCursor,
    organisation_id=st.uuids(),
    sequence=st.integers(0, 2**64 - 1),
    event_mark=st.binary(min_size=8, max_size=8),
)


def as_text(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).decode()


def test_the_text_of_a_cursor_is_fixed_so_that_clients_may_keep_it_across_releases() -> None:
    cursor = LogCursor(ORGANISATION, 258, bytes.fromhex("0190f2a812347abc"))

    assert str(cursor) == "AQARIjNEVWZ3iJmqu8zd7v8AAAAAAAABAgGQ8qgSNHq8"
    assert str(cursor) == as_text(
        b"\x01" + ORGANISATION.bytes + (258).to_bytes(8, "big") + bytes.fromhex("0190f2a812347abc")
    )


@given(cursors)
def test_a_cursor_comes_back_from_its_text_as_it_was(cursor: LogCursor) -> None:
    assert LogCursor.parse(str(cursor)) == cursor


@given(cursors)
def test_a_cursor_s_text_has_forty_four_characters_that_need_no_escape_in_a_url(cursor: LogCursor) -> None:
    text = str(cursor)

    assert len(text) == 44
    assert text.isascii()
    assert text.replace("-", "a").replace("_", "a").isalnum()


@given(cursors, cursors)
def test_two_places_never_share_a_text(one: LogCursor, other: LogCursor) -> None:
    assert (str(one) == str(other)) is (one == other)


def test_a_cursor_after_an_event_bears_its_place_and_the_first_half_of_its_id() -> None:
    event = EventRow(
        organisation_id=ORGANISATION,
        sequence=7,
        event_id=EVENT,
        kind=EventKind.ORDER_IMPORTED,
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
    )

    assert LogCursor.after(event) == LogCursor(ORGANISATION, 7, bytes.fromhex("0190f2a812347abc"))


def test_a_cursor_before_everything_stands_at_zero_and_bears_no_event() -> None:
    start = LogCursor.before_everything(ORGANISATION)

    assert start == LogCursor(ORGANISATION, 0, bytes(8))
    assert LogCursor.parse(str(start)) == start


@given(st.text())
def test_any_text_that_is_no_cursor_is_refused(text: str) -> None:
    assume(len(text) != 44)

    with pytest.raises(CursorInvalid):
        LogCursor.parse(text)


@given(st.text(min_size=44, max_size=44))
def test_any_text_as_long_as_a_cursor_is_refused_or_stands_for_one(text: str) -> None:
    try:
        cursor = LogCursor.parse(text)
    except CursorInvalid:
        return
    assert len(str(cursor)) == 44


@given(st.binary(max_size=80))
def test_bytes_of_another_length_are_refused(packed: bytes) -> None:
    assume(len(packed) != CURSOR_BYTES)

    with pytest.raises(CursorInvalid):
        LogCursor.parse(as_text(packed))


@pytest.mark.parametrize("length", [0, CURSOR_BYTES - 1, CURSOR_BYTES + 1])
def test_a_byte_too_few_or_too_many_is_refused(length: int) -> None:
    with pytest.raises(CursorInvalid):
        LogCursor.parse(as_text(bytes([1]) + bytes(length - 1) if length else b""))


@given(cursors, st.integers(0, 255).filter(lambda version: version != 1))
def test_a_cursor_of_another_format_is_refused(cursor: LogCursor, version: int) -> None:
    packed = struct.pack(">B16sQ8s", version, cursor.organisation_id.bytes, cursor.sequence, cursor.event_mark)

    with pytest.raises(CursorInvalid):
        LogCursor.parse(as_text(packed))


@given(cursors, st.integers(0, 43), st.characters())
def test_a_character_that_no_cursor_has_spoils_it(cursor: LogCursor, place: int, stray: str) -> None:
    assume(not (stray.isascii() and stray.isalnum()) and stray not in "-_")
    text = str(cursor)

    with pytest.raises(CursorInvalid):
        LogCursor.parse(text[:place] + stray + text[place + 1 :])


@given(cursors, st.sampled_from([" ", "\n", "A", "\x00", "é", "="]))
def test_a_character_added_at_either_end_is_refused(cursor: LogCursor, stray: str) -> None:
    for text in (f"{stray}{cursor}", f"{cursor}{stray}"):
        with pytest.raises(CursorInvalid):
            LogCursor.parse(text)


@given(cursors, st.integers(0, 43))
def test_a_cursor_cut_short_is_refused(cursor: LogCursor, length: int) -> None:
    with pytest.raises(CursorInvalid):
        LogCursor.parse(str(cursor)[:length])
