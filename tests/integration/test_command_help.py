"""What the command line tells of itself."""

import re

import pytest

from app.command_line import cli
from tests.integration.command_line import CommandLine

COMMANDS = [str(command.name) for command in cli.registered_commands]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_has_examples_and_exit_codes(command: CommandLine, name: str) -> None:
    ended = command(name, "--help")

    assert (ended.code, ended.complained) == (0, "")
    assert f"$ python -m app {name}" in ended.printed
    assert re.search(r"Exit codes: 0 .*; 2 wrong usage", " ".join(ended.printed.split()))
    assert "\x1b" not in ended.printed


def test_all_commands_are_listed(command: CommandLine) -> None:
    ended = command("--help")

    assert (ended.code, ended.complained) == (0, "")
    assert all(f" {name} " in ended.printed for name in COMMANDS)


def test_a_program_without_a_name_offers_no_completion(command: CommandLine) -> None:
    assert "completion" not in command("--help").printed
