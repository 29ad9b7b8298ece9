"""Puts what the site is made of into one folder: the pages of `docs`, and what they refer to in the repository."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from docs.site.links import moved, targets

_DOCS = PurePosixPath("docs")
_PROGRAM = _DOCS / "site"
_ELSEWHERE = PurePosixPath("repository")
"""Where the site has what is not in `docs`: the README, and files that a page refers to."""

_DECISIONS = _DOCS / "decisions"
_LIST_OF_DECISIONS = PurePosixPath("decisions/index.md")


def stage(repository: Path, folder: Path) -> None:
    """Fill a folder with the pages of the repository, so that all links between them hold.

    Args:
        repository: Its top folder.
        folder: What to fill.
    """
    files = _with_what_is_referred_to(repository)

    def find(target: PurePosixPath) -> PurePosixPath | None:
        if target == _DECISIONS:
            return _LIST_OF_DECISIONS
        return _place(target) if target in files else None

    for file in files:
        source, place = repository / file, folder / _place(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            place.write_text(moved(file, _place(file), source.read_text("utf-8"), find), "utf-8")
        else:
            place.write_bytes(source.read_bytes())
    (folder / _LIST_OF_DECISIONS).write_text(_list_of_decisions(repository), "utf-8")


def _place(file: PurePosixPath) -> PurePosixPath:
    return file.relative_to(_DOCS) if file.is_relative_to(_DOCS) else _ELSEWHERE / file


def _with_what_is_referred_to(repository: Path) -> set[PurePosixPath]:
    """Return the files of `docs`, what their pages refer to, what the pages among these refer to, and so on."""
    files: set[PurePosixPath] = set()
    waiting = list(_files_of_docs(repository))
    while waiting:
        file = waiting.pop()
        if file in files or not (repository / file).is_file():
            continue
        files.add(file)
        if file.suffix == ".md":
            waiting.extend(targets(file, (repository / file).read_text("utf-8")))
    return files


def _files_of_docs(repository: Path) -> Iterator[PurePosixPath]:
    for path in sorted((repository / _DOCS).rglob("*")):
        file = PurePosixPath(path.relative_to(repository).as_posix())
        if not file.is_relative_to(_PROGRAM) and "__pycache__" not in file.parts:
            yield file


def _list_of_decisions(repository: Path) -> str:
    lines = ["# Decisions", "", "Why things are as they are: for each, the context, the decision and what follows.", ""]
    for path in sorted((repository / _DECISIONS).glob("*.md")):
        title = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
        number, _, words = title.partition(". ")
        lines.append(f"- [{number}: {words}]({path.name})")
    return "\n".join(lines) + "\n"
