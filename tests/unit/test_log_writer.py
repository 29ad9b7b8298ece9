"""The writer of the log: a reader that stands still costs lines, which are counted, and never holds up the program."""

import os
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from app.observability.log_writer import LogWriter

_SECONDS = 30


class _Pipe(NamedTuple):
    reader: int
    writer: int


@pytest.fixture
def pipe() -> Iterator[_Pipe]:
    """A pipe, as a standard error may be one."""
    opened = _Pipe(*os.pipe())
    yield opened
    for each in opened:
        os.close(each)


def _notice(count: int) -> str:
    return f"{count} dropped\n"


def _read(reader: int, end: str) -> list[str]:
    read = b""
    while not read.endswith(end.encode()):
        read += os.read(reader, 65_536)
    return read.decode().splitlines()


def _fill(pipe: _Pipe) -> int:
    """Write into the pipe until nothing more fits, and return how much that was."""
    os.set_blocking(pipe.writer, False)
    written = 0
    try:
        while True:
            written += os.write(pipe.writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(pipe.writer, True)
        return written


def test_lines_are_written_whole_and_in_order(pipe: _Pipe) -> None:
    log = LogWriter(_notice, pipe.writer)
    for number in range(1000):
        log.write(f"{number}\n")
    assert log.flush(_SECONDS)
    assert _read(pipe.reader, "999\n") == [str(number) for number in range(1000)]
    assert log.dropped == 0


def test_lines_of_several_threads_are_all_written(pipe: _Pipe) -> None:
    log = LogWriter(_notice, pipe.writer)

    def work(name: str) -> None:
        for number in range(500):
            log.write(f"{name} {number}\n")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert log.flush(_SECONDS)
    log.write("end\n")
    lines = _read(pipe.reader, "end\n")[:-1]
    for name in "abcd":
        assert [line for line in lines if line.startswith(name)] == [f"{name} {number}" for number in range(500)]


def test_what_does_not_fit_is_dropped_and_its_number_is_written_where_it_is_missing(pipe: _Pipe) -> None:
    filled = _fill(pipe)
    log = LogWriter(_notice, pipe.writer, capacity_bytes=100)
    for number in range(50):
        log.write(f"{number:09d}\n")
    assert not log.flush(0)
    while log.dropped < 50:
        # The thread may have taken some already, which is room for as many more.
        log.write("too much\n")
    os.read(pipe.reader, filled)
    log.write("after\n") if log.flush(_SECONDS) else pytest.fail("it is not written")
    lines = _read(pipe.reader, "after\n")
    written = [int(line) for line in lines if line.isdigit()]
    assert written == sorted(written)
    notices = [int(line.split()[0]) for line in lines if line.endswith("dropped")]
    assert sum(notices) == log.dropped == 50
    assert lines[-2].endswith("dropped")


def test_a_pipe_that_others_have_made_non_blocking_loses_nothing(pipe: _Pipe) -> None:
    filled = _fill(pipe)
    os.set_blocking(pipe.writer, False)
    log = LogWriter(_notice, pipe.writer)
    log.write("late\n")
    assert not log.flush(0)
    os.read(pipe.reader, filled)
    assert log.flush(_SECONDS)
    assert _read(pipe.reader, "late\n") == ["late"]


def test_lines_that_have_no_reader_any_more_are_counted_as_dropped() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    log = LogWriter(_notice, writer)
    log.write("lost\n")
    assert log.flush(_SECONDS)
    assert log.dropped == 1
    os.close(writer)
