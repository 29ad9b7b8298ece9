"""What CONTRIBUTING tells contributors to run."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.documentation.blocks import REPOSITORY, blocks
from tests.documentation.shell import open_shell
from tests.integration.served_demonstration import environment

_PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
_VERSIONS = Path("db", "migrations", "versions")


def test_make_has_every_target_that_it_names() -> None:
    targets = sorted(set(re.findall(r"\bmake ([a-z][a-z-]*)\b", "\n".join(_commands()))))
    assert len(targets) > 8
    for target in targets:
        found = subprocess.run(["make", "--dry-run", target], cwd=REPOSITORY, capture_output=True, check=False)
        assert (target, found.returncode) == (target, 0)


def test_a_migration_is_made_as_it_says(tmp_path: Path) -> None:
    for package in ("db", "domain"):
        shutil.copytree(REPOSITORY / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    before = sorted(path.name for path in (tmp_path / _VERSIONS).glob("0*.py"))
    [commands] = [each for each in _commands() if "command.revision" in each]
    with open_shell(tmp_path, environment()) as shell:
        exit_code, printed = shell.run(commands)
    assert exit_code == 0, printed
    [new] = {path.name for path in (tmp_path / _VERSIONS).glob("0*.py")} - set(before)
    assert new == f"{len(before) + 1:04}_what_it_does.py"
    assert f"`{(_VERSIONS / new).as_posix()}`" in _PAGE
    # The two indexes that it tells to delete, and nothing else: the tables are what the migrations make.
    offered, _ = (tmp_path / _VERSIONS / new).read_text("utf-8").split("def downgrade")
    assert re.findall(r"batch_op\.(\w+)\('(\w+)'", offered) == [
        ("create_index", "ix_orders_search_reference"),
        ("create_index", "ix_orders_search_title"),
    ]
    assert len(re.findall(r"\bop\.", offered)) == 1
    assert list(tmp_path.glob("revision.db*")) == []


def _commands() -> list[str]:
    return [block.text for block in blocks(_PAGE) if block.language == "sh"]
