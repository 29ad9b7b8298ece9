"""The command line within this process: what `python -m app` does, without waiting for another interpreter."""

import os
import sys
from dataclasses import dataclass

import pytest

from app.command_line import run

SETTINGS = (
    "DATABASE_URL",
    "SIGNAL_URL",
    "JWT_SECRET",
    "JWKS_URL",
    "JWT_ISSUER",
    "JWT_AUDIENCE",
    "HOST",
    "PORT",
)


@dataclass(frozen=True)
class Ended:
    """How a command ended, and all that it said."""

    code: int
    printed: str
    complained: str


class CommandLine:
    """A shell whose only settings are the given ones."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **settings: str | int
    ) -> None:
        """Set the settings, each without its prefix and in small letters."""
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        for name in SETTINGS:
            monkeypatch.delenv(f"ORDERSHARE_{name}", raising=False)
        self.set(**settings)
        # The command line takes over how exceptions are shown, and a terminal's width is not the test's.
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        monkeypatch.setenv("COLUMNS", "120")

    def set(self, **settings: str | int) -> None:
        """Change settings."""
        for name, value in settings.items():
            self._monkeypatch.setenv(f"ORDERSHARE_{name.upper()}", str(value))

    def __call__(self, *arguments: str) -> Ended:
        """Run a command to its end; a fault that `run` lets through fails the test."""
        self._monkeypatch.setattr(sys, "argv", ["python -m app", *arguments])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        said = self._capsys.readouterr()
        code = ended.value.code
        # The interpreter prints a message that it is ended with, and exits with 1.
        if isinstance(code, str):
            return Ended(1, said.out, f"{said.err}{code}{os.linesep}")
        return Ended(code or 0, said.out, said.err)
