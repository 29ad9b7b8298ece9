"""The file `schema.graphql` is what the program prints, and the program prints nothing else."""

import os
import subprocess
import sys

from graphql import validate_schema

from schema.build import build_schema
from tests.contract.schema_file import SCHEMA_FILE, the_schema


def test_the_file_is_exactly_what_the_command_prints() -> None:
    # Without any setting: nobody needs a secret or a database to see the schema.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORDERSHARE_")}
    printed = subprocess.run(
        [sys.executable, "-m", "app", "schema"],
        check=True,
        capture_output=True,
        cwd=SCHEMA_FILE.parent,
        env={**environment, "PYTHONHASHSEED": "1"},
    )
    assert printed.stdout.decode() == SCHEMA_FILE.read_text(encoding="utf-8")
    assert printed.stderr == b""


def test_the_file_ends_with_one_line_break() -> None:
    text = SCHEMA_FILE.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert "\r" not in text


def test_the_schema_is_valid() -> None:
    assert validate_schema(the_schema()) == []


def test_the_schema_is_the_same_however_often_it_is_built() -> None:
    assert build_schema().as_str() == build_schema().as_str() == SCHEMA_FILE.read_text(encoding="utf-8").rstrip("\n")
