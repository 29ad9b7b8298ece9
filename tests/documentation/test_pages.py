"""Whoever does what the documentation says gets what it shows: every block of every page is sent, run or written."""

import re
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.settings import Settings
from app.tokens import Tokens
from tests.curl import path_with_curl
from tests.documentation.blocks import REPOSITORY, Block, blocks, pages
from tests.documentation.shell import Shell, open_shell
from tests.documentation.terminals import Correspondence, Terminals
from tests.integration.served_demonstration import demonstration, environment
from tests.ports import free_port

# A page starts a program for each command that it has.
pytestmark = pytest.mark.timeout(300)

SECRET = "a secret for tests only, long enough for HS256"

NOT_RUN = {
    "make serve": "serves the demonstration, which these tests have running",
    "make test": "runs these tests",
    "make setup": "installs what these tests run by; test_readme_run.py follows the rest",
    "cp .env.example .env": "needs Docker; tests/integration/test_deployment.py tries what can be without",
    "docker compose": "needs Docker",
}
"""How a block begins that cannot be run here, and why."""

SHOWN = {
    ("README.md", "json"): "a line of the log; tests/integration/test_log_lines.py checks such lines",
    ("docs/scaling.md", "sql"): "tests/integration/test_retention_of_the_log.py runs it",
}
"""Blocks that a reader only reads here, and why."""

GOES_ON = "goes on until it is ended"
"""Remark before a command that does not end by itself."""

WITHOUT_DEMONSTRATION = {"docs/guides/production.md"}

_DOCUMENTATION_PORT = "127.0.0.1:8000"
_BLANK = re.compile(r"^(\w+)=\.\.\.$", re.MULTILINE)
_FILLED_FROM = {
    "ORGANISATION": r'"id": "(Organisation_[^"]+)"',
    "CURSOR": r'"logCursor": "([^"]+)"',
    "ORDER": r'"id": "(Order_[^"]+)"',
    "RECIPIENT": r'"id": "(User_[^"]+)",\s+"name": "林伟',
    "SHARED": r'"id": "(SharedOrder_[^"]+)"',
}
"""Where a reader finds what to put for the dots of `NAME=...` in what was printed just before."""


@dataclass
class Reader:
    """Somebody who does what a page says, from its beginning to its end."""

    home: Path
    port: int
    shell: Shell
    correspondence: Correspondence
    printed: str = ""

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        if block.language == "sh":
            self._run(block)
        elif block.language in {"csv", "jsonl"}:
            (self.home / block.title).write_text(block.text, encoding="utf-8")
        else:
            self.correspondence.take(block)

    def _run(self, block: Block) -> None:
        self.correspondence.settle()
        for word, value in self.correspondence.words.known.items():
            self.shell.let(word, value)
        commands = block.text.replace(_DOCUMENTATION_PORT, f"127.0.0.1:{self.port}")
        for part in re.split(r"(?<==\.\.\.)\n", commands):
            if to_type := _BLANK.sub("", part).strip():
                self._type(to_type, goes_on=block.remark == GOES_ON)
            for blank in _BLANK.findall(part):
                value, *_ = re.findall(_FILLED_FROM[blank], self.printed)
                self.shell.let(blank, value)

    def _type(self, commands: str, *, goes_on: bool) -> None:
        exit_code, printed = self.shell.run(f"{commands.rstrip()} &" if goes_on else commands)
        self.printed = printed
        assert exit_code == 0, printed
        # An answer of the API that refuses is no failure of curl's.
        assert '"errors"' not in printed, printed
        assert not re.search(r'"userErrors": \[\s*\{', printed), printed


def _tokens() -> dict[str, str]:
    tokens = Tokens(Settings(jwt_secret=SecretStr(SECRET)))
    people = ("mei@lin.example", "wei@lin.example", "fang@lin.example", "jun@lin.example", "amara@harbour.example")
    return {reference: tokens.sign(reference, timedelta(hours=1)) for reference in people}


def _reader(stack: ExitStack, page: str, home: Path, database_url: str) -> Reader:
    port = free_port()
    settings = {"ORDERSHARE_DATABASE_URL": database_url, "ORDERSHARE_JWT_SECRET": SECRET}
    if page not in WITHOUT_DEMONSTRATION:
        stack.enter_context(demonstration(home, port, 240.0, **settings))
    (home / ".venv").symlink_to(sys.prefix)
    (home / "docs").symlink_to(REPOSITORY / "docs")
    # Where `make serve` keeps the secret of the demonstration.
    (home / ".demo").mkdir(exist_ok=True)
    (home / ".demo" / "jwt-secret").write_text(SECRET)
    variables = environment(ORDERSHARE_PORT=str(port), PATH=path_with_curl(home), **settings)
    api = f"http://127.0.0.1:{port}/graphql"
    return Reader(
        home, port, stack.enter_context(open_shell(home, variables)), Correspondence(Terminals(api, _tokens(), stack))
    )


def _told_to_do(page: str) -> list[Block]:
    """Return the blocks of a page that can be followed here."""
    return [
        block
        for block in blocks((REPOSITORY / page).read_text("utf-8"))
        if not block.text.startswith(tuple(NOT_RUN))
        and not block.remark.startswith("tried: ")
        and (page, block.language) not in SHOWN
    ]


ON_POSTGRESQL_TOO = {"README.md", "docs/operation.md", "docs/guides/claim.md", "docs/guides/listen.md"}
"""Pages whose answers come by another way there: commands, claims and the log. Once is enough for the others."""


@pytest.mark.parametrize(
    ("page", "database_url"),
    [
        (page, database)
        for page in pages()
        if _told_to_do(page)
        for database in ("sqlite", "postgresql")
        if database == "sqlite" or page in ON_POSTGRESQL_TOO
    ],
    indirect=["database_url"],
)
def test_what_a_page_says_can_be_done_and_is_answered_as_shown(page: str, tmp_path: Path, database_url: str) -> None:
    with ExitStack() as stack:
        reader = _reader(stack, page, tmp_path, database_url)
        for block in _told_to_do(page):
            reader.follow(block)
        reader.correspondence.settle()


def test_the_listener_of_the_readme_hears_what_the_readme_says(tmp_path: Path, sqlite_url: str) -> None:
    with ExitStack() as stack:
        reader = _reader(stack, "README.md", tmp_path, sqlite_url)
        for block in _told_to_do("README.md"):
            reader.follow(block)
        printed = reader.shell.wait_for('"orderStatus": "LOSS_REPORTED"')
    heard = re.findall(r'"(?:shareStatus|orderStatus)": "(\w+)"', printed)
    assert heard == ["OFFERED", "CLAIMED", "LOSS_REPORTED"]


def test_each_reason_not_to_run_something_is_needed() -> None:
    texts = [block.text for page in pages() for block in blocks((REPOSITORY / page).read_text("utf-8"))]
    assert [begin for begin in NOT_RUN if not any(text.startswith(begin) for text in texts)] == []


def test_every_command_that_another_test_tries_is_one_of_that_test() -> None:
    tried = (REPOSITORY / "tests" / "integration" / "test_backup_and_restore.py").read_text("utf-8")
    remarks = {block.remark for page in pages() for block in blocks((REPOSITORY / page).read_text("utf-8"))}
    places = {remark.rpartition(" ")[0] for remark in remarks if remark.startswith("tried: ")}
    assert places == {"tried: back up", "tried: restore"}
    assert "<!-- tried: {what} {self.kind} -->" in tried
