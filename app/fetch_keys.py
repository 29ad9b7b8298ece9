"""Fetches what an issuer publishes, within bounds."""

import asyncio
import ssl

import httpx

FETCH_SECONDS = 5.0
"""For everything: the name, the connection, and the answer to its last byte."""

MOST_BYTES = 128 * 1024

_OK = 200


class NotFetched(Exception):
    """The issuer has answered, but not with what was asked for; the message says how."""


class KeySource:
    """Where an issuer publishes its keys."""

    def __init__(self, url: str, seconds: float = FETCH_SECONDS) -> None:
        """Prepare to fetch.

        Args:
            url: `https://…`, or `http://…` of this machine.
            seconds: How long a fetch may take.
        """
        self._url = url
        self._seconds = seconds
        # The machine's own authorities, among which a company's are; the library would take its own list.
        self._tls = ssl.create_default_context()
        # Through a proxy of the environment where there is one, but not to this machine.
        self._by_proxy = httpx.URL(url).scheme == "https"

    async def fetch(self) -> bytes:
        """Return what is published now.

        Raises:
            NotFetched: Where it is something else, or too large.
            httpx.HTTPError, OSError: Where there is no answer in time.
        """
        async with (
            asyncio.timeout(self._seconds),
            httpx.AsyncClient(verify=self._tls, timeout=self._seconds, trust_env=self._by_proxy) as client,
            # Not packed, so that what is counted is all there is.
            client.stream("GET", self._url, headers={"Accept-Encoding": "identity"}) as response,
        ):
            if response.status_code != _OK:
                # Redirects among them: whoever can send us elsewhere could name the keys.
                raise NotFetched(f"it answers {response.status_code}")
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MOST_BYTES:
                    raise NotFetched(f"it answers more than {MOST_BYTES} bytes")
            return bytes(content)
