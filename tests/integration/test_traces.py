"""Traces: a span for each operation, sent to a server of OpenTelemetry; without one, the library is not even loaded."""

import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from app.observers import Observers
from app.settings import Settings, SettingsError
from db.database import Database
from tests.attacks.raw_client import connected
from tests.integration.served_demonstration import REPOSITORY
from tests.integration.served_program import serving_program
from tests.world import World

_TRACE, _PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
_PATIENCE_SECONDS = 60
_SOON_SECONDS = 10


@contextmanager
def _collector() -> Iterator[tuple[str, "queue.Queue[tuple[str, bytes]]"]]:
    """Take what is sent by OTLP over HTTP; yields the address, and the paths and bodies of what has come."""
    taken: queue.Queue[tuple[str, bytes]] = queue.Queue()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.put((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}", taken
        server.shutdown()
        serving.join()


def _spans(taken: "queue.Queue[tuple[str, bytes]]", count: int) -> list[Span]:
    found: list[Span] = []
    while len(found) < count:
        path, body = taken.get(timeout=_PATIENCE_SECONDS)
        assert path == "/v1/traces"
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            assert ("service.name", "ordershare") in [
                (each.key, each.value.string_value) for each in resource.resource.attributes
            ]
            found += [span for scope in resource.scope_spans for span in scope.spans]
    assert taken.empty()
    return found


def _attributes(span: Span) -> dict[str, object]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "") for each in span.attributes}


async def test_each_operation_is_a_span_of_its_clients_trace(sqlite_url: str, tmp_path: Path) -> None:
    world = World(Database(sqlite_url))
    await world.populate()
    token = world.token("owner")
    with (
        _collector() as (endpoint, taken),
        serving_program(tmp_path / "said", sqlite_url, OTLP_ENDPOINT=endpoint, LOG="json") as program,
    ):
        for body in ({"query": "query Me { viewer { user { name } } }"},) * 2 + ({"query": "{ nothing }"},):
            parent = {} if "nothing" in body["query"] else {"traceparent": f"00-{_TRACE}-{_PARENT}-01"}
            program.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}", **parent})
        async with world.database.engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE order_type RENAME TO gone")
        types = "query Types($id: ID!) { organisation(id: $id) { orderTypes { code } } }"
        asked = {"query": types, "variables": {"id": await world.organisation_id()}}
        program.http.post("/graphql", json=asked, headers={"Authorization": f"Bearer {token}"})
        program.end()
        first, again, refused, failed = _spans(taken, 4)
    for span in (first, again):
        assert (span.name, span.kind) == ("query Me", Span.SPAN_KIND_SERVER)
        assert (span.trace_id.hex(), span.parent_span_id.hex()) == (_TRACE, _PARENT)
        assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < _PATIENCE_SECONDS * 1e9
        request_id = _attributes(span).pop("ordershare.request_id")
        assert _attributes(span) == {
            "graphql.operation.type": "query",
            "graphql.operation.name": "Me",
            "ordershare.transport": "http",
            "ordershare.outcome": "OK",
            "ordershare.cost": 2,
            "ordershare.request_id": request_id,
        }
        assert any(f'"request_id":"{request_id}"' in line and f'"trace_id":"{_TRACE}"' in line for line in program.said)
    assert (refused.name, refused.parent_span_id) == ("unknown other", b"")
    assert refused.trace_id.hex() != _TRACE
    assert _attributes(refused)["ordershare.outcome"] == "GRAPHQL_VALIDATION_FAILED"
    assert [span.status.code for span in (first, again, refused)] == [Status.STATUS_CODE_UNSET] * 3
    assert (failed.name, failed.status.code) == ("query Types", Status.STATUS_CODE_ERROR)
    await world.http.aclose()
    await world.database.close()


def _loaded(code: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}"], cwd=REPOSITORY, check=True, capture_output=True, encoding="utf-8"
    )
    return ended.stdout.strip()


def test_the_library_is_loaded_only_where_traces_are_sent() -> None:
    look = "print(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    begin = "import app.server, app.observers as o; from app.settings import Settings"
    assert _loaded(f"{begin}; o.Observers(Settings()); {look}") == "False"
    assert _loaded(f"{begin}; o.Observers(Settings(otlp_endpoint='http://127.0.0.1:1')); {look}") == "True"


def test_without_the_library_traces_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "app.traces", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError) as refused:
        Observers(Settings(otlp_endpoint="http://127.0.0.1:4318"))
    assert str(refused.value) == (
        "ORDERSHARE_OTLP_ENDPOINT needs OpenTelemetry: install ordershare[traces], or leave it empty."
    )


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4318", "grpc://127.0.0.1:4317"])
def test_traces_go_to_a_server_of_http(endpoint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Observers(Settings(otlp_endpoint=endpoint))
    assert str(refused.value) == "Set ORDERSHARE_OTLP_ENDPOINT to http://HOST:PORT, or leave it empty."


def _ask_thousands(port: int, token: str) -> None:
    """Ask more than the library sends at once (512), and more than it keeps (2,048)."""
    with connected(port, token) as client:
        for _ in range(2_600):
            answer = client.ask("query Me { viewer { user { reference } } }")
            assert answer.json["data"] == {"viewer": {"user": {"reference": "owner"}}}
            assert answer.seconds < _SOON_SECONDS


async def test_a_server_of_traces_that_never_answers_holds_up_neither_requests_nor_the_end(
    sqlite_url: str, tmp_path: Path
) -> None:
    world = World(Database(sqlite_url))
    await world.populate()
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        serving_program(
            tmp_path / "said", sqlite_url, OTLP_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}"
        ) as program,
    ):
        _ask_thousands(program.http.base_url.port or 0, world.token("owner"))
        began = time.monotonic()
        program.end()
        assert program.process.returncode == 0
        assert time.monotonic() - began < _SOON_SECONDS
    await world.http.aclose()
    await world.database.close()
