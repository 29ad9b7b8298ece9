"""The supervisor of several processes that serve one port."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.supervisors.multiprocess import SIGNALS, Process

from app.workers import Workers

_LONG_SECONDS = 60


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers nothing."""


async def cannot_start(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that fails as soon as it starts."""
    raise RuntimeError("no")


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Put back the handlers of signals, which a supervisor replaces."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _config(name: str) -> Config:
    return Config(
        f"{__name__}:{name}",
        port=0,
        workers=2,
        lifespan="on" if name == "cannot_start" else "off",
        log_config=None,
        timeout_worker_healthcheck=_LONG_SECONDS,
    )


class _Observed:
    """A worker's pipe, which tells when a question has been written into it."""

    def __init__(self, pipe: Connection, asked: threading.Event) -> None:
        self._pipe = pipe
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipe, name)

    def send(self, message: object) -> None:
        self._pipe.send(message)
        self._asked.set()


def test_a_worker_that_dies_while_its_answer_is_waited_for_is_replaced_at_once() -> None:
    workers = Workers(_config("nothing"))
    worker = Process(workers.config, workers.sockets)
    worker.start()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    asked = threading.Event()
    worker.parent_conn = _Observed(worker.parent_conn, asked)  # type: ignore[assignment]  # it stands in for one
    workers.processes = [worker]
    looking = threading.Thread(target=workers.keep_subprocess_alive, daemon=True)
    looking.start()
    assert asked.wait(_LONG_SECONDS)
    os.kill(worker.pid, signal.SIGKILL)
    looking.join(_LONG_SECONDS / 4)
    assert not looking.is_alive()
    [other] = workers.processes
    assert other is not worker
    other.kill()
    other.join()
    _close(workers.sockets)


def test_workers_that_cannot_start_end_and_say_so() -> None:
    workers = Workers(_config("cannot_start"))
    workers.run()
    assert workers.failed_to_start
    _close(workers.sockets)


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()
