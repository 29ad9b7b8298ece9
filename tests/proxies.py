"""Real proxies in front of servers on this machine."""

import os
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.served_world import Server

_DEPLOY = Path(__file__).parents[1] / "deploy"
_CADDY = Path(sysconfig.get_path("scripts")) / "caddy"
_START_SECONDS = 30
_NO_NGINX = "The proxy nginx (Debian: nginx-light) is needed on the PATH."

_PLAIN_CADDY = """{
	admin off
	persist_config off
	auto_https off
}
:8080 {
	reverse_proxy server-1:8000 server-2:8000 {
		flush_interval -1
		transport http {
			keepalive 4s
		}
	}
}
"""

_NGINX = """daemon off;
pid {home}/pid;
error_log {home}/error.log;
events {{}}
http {{
	access_log off;
	client_body_temp_path {home}/body;
	proxy_temp_path {home}/proxy;
	fastcgi_temp_path {home}/fastcgi;
	uwsgi_temp_path {home}/uwsgi;
	scgi_temp_path {home}/scgi;
	{included}
}}
"""


class Proxy(Server):
    """A proxy over servers on this machine."""


@contextmanager
def caddy(upstreams: Sequence[int], home: Path, *, plain: bool = False) -> Iterator[Proxy]:
    """Run Caddy in front of servers.

    Args:
        upstreams: Their ports.
        home: A directory of its own.
        plain: Whether it has the least of a configuration, in place of ours.
    """
    text = _PLAIN_CADDY if plain else (_DEPLOY / "Caddyfile").read_text()
    port = free_port()
    text = _readdressed(text, "server-1:8000 server-2:8000", " ".join(f"127.0.0.1:{each}" for each in upstreams))
    text = _readdressed(text, ":8080 {", f":{port} {{\n\tbind 127.0.0.1\n")
    if not plain:
        text = _readdressed(text, ":8081 {", f":{free_port()} {{")
    path = home / "Caddyfile"
    path.write_text(text)
    variables = {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config")}
    with _running([str(_CADDY), "run", "--config", str(path), "--adapter", "caddyfile"], variables, home, port):
        yield Proxy(port)


@contextmanager
def nginx(upstreams: Sequence[int], home: Path, *, plain: bool = False) -> Iterator[Proxy]:
    """Run nginx in front of servers; where there is none the test is skipped, but in CI it fails.

    Args:
        upstreams: Their ports.
        home: A directory of its own.
        plain: Whether it passes every upgrade on, and bodies as they come, unlike with our configuration.
    """
    program = shutil.which("nginx")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_NO_NGINX, pytrace=False)
        pytest.skip(_NO_NGINX)
    text = (_DEPLOY / "nginx.conf").read_text()
    port = free_port()
    for number, upstream in enumerate(upstreams, 1):
        text = _readdressed(text, f"server server-{number}:8000", f"server 127.0.0.1:{upstream}")
    text = _readdressed(text, "listen 8080", f"listen 127.0.0.1:{port}")
    if plain:
        text = _readdressed(text, "$ordershare_upgrade;", "$http_upgrade;")
        text = _readdressed(text, "$ordershare_connection;", "upgrade;")
        text = _readdressed(text, "proxy_buffering off;", "proxy_buffering off; proxy_request_buffering off;")
    path = home / "nginx.conf"
    path.write_text(_NGINX.format(home=home, included=text))
    with _running([program, "-p", str(home), "-c", str(path)], {}, home, port):
        yield Proxy(port)


def _readdressed(text: str, there: str, here: str) -> str:
    assert text.count(there) == 1, there
    return text.replace(there, here)


@contextmanager
def _running(command: Sequence[str], variables: dict[str, str], home: Path, port: int) -> Iterator[None]:
    """Run a proxy until the context ends, which begins when it takes connections."""
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=output, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + _START_SECONDS
        while True:
            assert process.poll() is None, (home / "output").read_text()
            assert time.monotonic() < until
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
