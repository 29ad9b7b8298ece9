"""The site of the documentation: it is whole, it needs no other site, and it describes all of the schema."""

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from docs.site.check import faults
from docs.site.links import moved, targets
from docs.site.reference import write_reference
from tests.documentation.blocks import REPOSITORY

_SDL = (REPOSITORY / "schema.graphql").read_text("utf-8")


def test_the_site_is_built_without_a_broken_link_or_anything_of_another_site() -> None:
    built = subprocess.run(
        [sys.executable, "-m", "docs.site"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    names = {path.name for path in (REPOSITORY / ".docs" / "site").rglob("*.html")}
    assert {"index.html", "tour.html", "errors.html", "queries.html", "0001-layers.html"} <= names


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ('<a href="other.html">', None),
        ('<a href="other.html#place">', None),
        ('<a href="https://elsewhere.example/">', None),
        ('<a href="none.html">', "none.html is not there"),
        ('<a href="other.html#none">', "other.html#none has no such place"),
        ('<a href="#none">', "#none has no such place"),
        ('<img src="none.png">', "none.png is not there"),
        (
            '<script src="https://elsewhere.example/a.js">',
            "https://elsewhere.example/a.js is loaded from another site",
        ),
    ],
)
def test_a_page_that_points_at_nothing_is_found(link: str, fault: str | None, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(link)
    (tmp_path / "other.html").write_text('<h2 id="place">')
    assert list(faults(tmp_path)) == ([] if fault is None else [f"index.html: {fault}"])


def test_links_hold_where_a_page_is_moved_to() -> None:
    text = "[a](../README.md#b) [c](d.md) [e](https://f.example) [`g`](../h) `[i](j.md)`\n```\n[k](l.md)\n```\n"
    page = PurePosixPath("docs/page.md")
    places = {PurePosixPath("README.md"): PurePosixPath("repository/README.md"), PurePosixPath("docs/d.md"): None}
    there = moved(page, PurePosixPath("page.md"), text, places.get)
    assert there == "[a](repository/README.md#b) c [e](https://f.example) `g` `[i](j.md)`\n```\n[k](l.md)\n```\n"
    assert targets(page, text) == [PurePosixPath("README.md"), PurePosixPath("docs/d.md"), PurePosixPath("h")]


def test_every_name_of_the_schema_is_in_the_reference(tmp_path: Path) -> None:
    write_reference(_SDL, tmp_path)
    pages = {page.name: page.read_text("utf-8") for page in tmp_path.iterdir()}
    described = {name for text in pages.values() for name in re.findall(r"^#+ .*\{#([\w.]+)\}$", text, re.MULTILINE)}
    rows = {name for text in pages.values() for name in re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)}
    schema = build_schema(_SDL)
    own = {name: named for name, named in schema.type_map.items() if not name.startswith("__")}
    for name, named in own.items():
        if name in {"Query", "Mutation", "Subscription"}:
            assert isinstance(named, GraphQLObjectType)
            assert set(named.fields) <= described
            continue
        assert name in described
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            assert set(named.fields) <= rows
        if isinstance(named, GraphQLEnumType):
            assert set(named.values) <= rows


def test_the_reference_says_what_the_schema_says(tmp_path: Path) -> None:
    write_reference(_SDL, tmp_path)
    queries = (tmp_path / "queries.md").read_text("utf-8")
    assert (
        "## nodes {#nodes}\n\n"
        "Gives \\[[Node](interfaces.md#Node)\\]!.\n\n"
        "Find up to 100 objects, in the order of the ids; null for each that the viewer may not see.\n\n"
        "| argument | type | what |\n"
        "| --- | --- | --- |\n"
        "| `ids` | \\[[ID](scalars.md#ID)!\\]! | Global ids. |\n"
    ) in queries
    inputs = (tmp_path / "inputs.md").read_text("utf-8")
    assert "| `role` | [MemberRole](enums.md#MemberRole)! = `MEMBER` | The role of the new member. |" in inputs
