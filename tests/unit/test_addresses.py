"""Where a server is found, and its sockets."""

import re

import pytest

from app.address import browser_address
from app.settings import Settings
from app.watch_command import socket_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://host:1", "ws://host:1/graphql"),
        ("https://host/", "wss://host/graphql"),
        ("wss://host/api/graphql?x=1", "wss://host/api/graphql?x=1"),
        ("http://[::1]:8000/graphql", "ws://[::1]:8000/graphql"),
    ],
)
def test_an_address_of_the_api_is_that_of_its_sockets(url: str, address: str) -> None:
    assert socket_url(url) == address


@pytest.mark.parametrize("url", ["host:8000", "ftp://host", "http://", "http://host:x", "http://host:0"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(url) if "x" not in url else "Port"):
        socket_url(url)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/graphql"),
        ("0.0.0.0", "http://127.0.0.1:8000/graphql"),
        ("::", "http://[::1]:8000/graphql"),
        ("localhost", "http://localhost:8000/graphql"),
    ],
)
def test_a_server_of_this_machine_is_found_by_what_it_listens_on(host: str, url: str) -> None:
    assert browser_address(Settings(host=host)) == url
