"""The commands of the README that run a server, with the files of the guide to the import."""

import sys
from pathlib import Path

from tests.curl import path_with_curl
from tests.documentation.blocks import REPOSITORY, blocks
from tests.documentation.shell import open_shell
from tests.integration.served_demonstration import environment
from tests.ports import free_port

_INSTEAD = {
    "make setup": "",  # installs what this test runs by
    "export ORDERSHARE_DATABASE_URL=": "",  # names a PostgreSQL of the reader's
    ".venv/bin/python -m app serve": ".venv/bin/python -m app serve &",  # does not end by itself
}


def _instead(command: str) -> str:
    return next((instead for begin, instead in _INSTEAD.items() if command.startswith(begin)), command)


def test_the_readme_runs_a_server(tmp_path: Path, postgresql_url: str) -> None:
    readme = blocks((REPOSITORY / "README.md").read_text("utf-8"))
    [commands] = [block.text.splitlines() for block in readme if block.text.startswith("make setup\nexport")]
    assert [begin for begin in _INSTEAD if not any(command.startswith(begin) for command in commands)] == []
    for block in blocks((REPOSITORY / "docs" / "guides" / "import.md").read_text("utf-8")):
        if block.language == "csv":
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    port = free_port()
    variables = environment(
        ORDERSHARE_DATABASE_URL=postgresql_url, ORDERSHARE_PORT=str(port), PATH=path_with_curl(tmp_path)
    )
    with open_shell(tmp_path, variables) as shell:
        for command in commands:
            exit_code, printed = shell.run(_instead(command))
            assert exit_code == 0, printed
        shell.wait_for("Uvicorn running on")
        ready = f"curl -sS http://127.0.0.1:{port}/readyz -o /dev/null && echo is ready"
        assert shell.run(ready)[0] == 0
