"""The demonstration in a process of its own, as `make serve` starts it."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

_READY = "Uvicorn running on"
_PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Demonstration:
    """A demonstration that serves, and what it printed."""

    port: int
    printed: str

    @property
    def tokens(self) -> list[str]:
        """The tokens that it printed, the first terminal's first."""
        return re.findall(r'^\{"Authorization": "Bearer ([^"]+)"\}$', self.printed, re.MULTILINE)

    @property
    def addresses(self) -> list[str]:
        """The two addresses to open in a browser that it printed: of the terminals, and of GraphiQL."""
        return re.findall(r": (http://\S+)$", self.printed, re.MULTILINE)

    @property
    def fragment(self) -> str:
        """The end of both addresses, which is the code of this start."""
        pages, graphiql = self.addresses
        assert pages.partition("#")[1:] == graphiql.partition("#")[1:]
        return "".join(pages.partition("#")[1:])

    @property
    def documents(self) -> list[str]:
        """The GraphQL documents that it printed, in their order."""
        return re.findall(r"^(?:query|mutation|subscription) \{.*?^\}$", self.printed, re.MULTILINE | re.DOTALL)


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment with no settings of the program but the given ones."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ORDERSHARE_")}
    return {**inherited, "PYTHONPATH": str(REPOSITORY), **variables}


@contextmanager
def demonstration(
    home: Path, port: int, seconds: float = _PATIENCE_SECONDS, **variables: str
) -> Iterator[Demonstration]:
    """Serve the demonstration from the working directory `home` for as long as the context lasts.

    Args:
        home: The working directory, where it keeps what it writes.
        port: Where it listens, on 127.0.0.1.
        seconds: How long the context may last; then it is ended, so that nothing waits for ever.
        variables: Its settings.
    """
    printed = home / "printed"
    with (
        printed.open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", "app", "demo"],
            cwd=home,
            env=environment(ORDERSHARE_PORT=str(port), **variables),
            stdout=output,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process,
    ):
        guard = threading.Timer(seconds, process.kill)
        guard.start()
        try:
            assert process.stderr is not None
            log = []
            for line in process.stderr:
                log.append(line)
                if _READY in line:
                    break
            else:
                raise AssertionError("".join(log))
            yield Demonstration(port, printed.read_text(encoding="utf-8"))
        finally:
            guard.cancel()
            process.terminate()
