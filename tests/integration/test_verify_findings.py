"""What `verify` prints where something is off."""

import sys

import pytest

from app.verify_findings import tell_findings

FINDINGS = ["Organisation [bold]fund: its log has 2 events up to 3.", "Order O-1: it is wrong."]


def test_findings_are_lines_for_programs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    tell_findings(FINDINGS)
    assert capsys.readouterr().out == "".join(f"{finding}\n" for finding in FINDINGS)


def test_findings_are_a_table_for_people(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    tell_findings(FINDINGS)
    printed = capsys.readouterr().out
    assert "2 findings" in printed
    for number, finding in enumerate(FINDINGS, start=1):
        [row] = [line for line in printed.splitlines() if finding in line]
        assert row.strip("│ ").startswith(f"{number} ")
