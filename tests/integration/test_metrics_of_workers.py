"""Several workers on one port answer as one when they are asked for their metrics."""

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from app.metric_families import CLAIMS, HTTP, LOG_LAG, SOCKETS, Snapshot, merged
from app.shared_numbers import SharedNumbers
from tests.integration.served_program import Program, serving_program
from tests.metrics_reader import Read

_PATIENCE_SECONDS = 60
_ENDED = 2**22 + 1
"""No process has an id as high as this."""


def _refused(program: Program) -> float:
    return Read(program.http.get("/metrics").text).one("http_requests_total", method="POST", status="4xx")


def _all_tell(program: Program, count: float) -> None:
    """Return once whoever is asked tells the same: what the others have counted is at most a second old."""
    deadline, alike = time.monotonic() + _PATIENCE_SECONDS, 0
    while alike < 20:
        assert time.monotonic() < deadline
        told = _refused(program)
        assert told <= count
        alike = alike + 1 if told == count else 0


def _wait_until_left(directory: Path, count: float) -> None:
    """Return once the workers have left what they have counted: one that is killed loses its last second."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    left = 0.0
    while left != count:
        assert time.monotonic() < deadline
        left = 0.0
        for file in directory.glob("ordershare-metrics-*/*"):
            if not file.suffix:
                said = json.loads(file.read_text()).get(HTTP, [])
                counted = {tuple(labels): numbers for labels, numbers in said}
                left += counted.get(("POST", "4xx"), [0])[0]


def _workers(program: Program) -> set[int]:
    supervisor = program.process.pid
    found = set()
    for child in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.add(int(child))
    return found


def test_counts_are_of_all_workers_and_stay_when_one_is_replaced(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving_program(tmp_path / "said", postgresql_url, "--workers", "2") as program:
        for _ in range(30):
            assert program.http.post("/graphql").status_code == 401
        _all_tell(program, 30)
        _wait_until_left(tmp_path, 30)
        workers = _workers(program)
        killed = workers.pop()
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (others := _workers(program)) - workers or killed in others:
            assert time.monotonic() < deadline
        for _ in range(10):
            assert program.http.post("/graphql").status_code == 401
        _all_tell(program, 40)
        assert len(list(tmp_path.iterdir())) == 2
        program.end()
    assert [file.name for file in tmp_path.iterdir()] == ["said"]


def test_of_a_process_that_lives_no_more_only_what_it_had_counted_is_told(tmp_path: Path) -> None:
    own, other = SharedNumbers(tmp_path), SharedNumbers(tmp_path)
    other.leave({HTTP: {("GET", "2xx"): (2,)}, CLAIMS: {("CLAIMED",): (1,)}, SOCKETS: {(): (5,)}, LOG_LAG: {(): (7,)}})
    here: Snapshot = {
        HTTP: {("GET", "2xx"): (1,), ("POST", "2xx"): (1,)},
        SOCKETS: {(): (1,)},
        LOG_LAG: {(): (float("nan"),)},
    }
    own.leave(here)

    def told() -> dict[str, object]:
        whole = merged([here, *own.of_others()])
        return {name: dict(whole[name]) for name in (HTTP, CLAIMS, SOCKETS, LOG_LAG)}

    counted = {HTTP: {("GET", "2xx"): [3], ("POST", "2xx"): [1]}, CLAIMS: {("CLAIMED",): [1]}}
    assert told() == {**counted, SOCKETS: {(): [6]}, LOG_LAG: {(): [7]}}
    [file] = [file for file in tmp_path.iterdir() if file != own.file]
    file.rename(tmp_path / f"{_ENDED}-1")
    assert str(told()) == str({**counted, SOCKETS: {(): [1]}, LOG_LAG: {(): [float("nan")]}})
