"""Reading a Dockerfile whose steps need no shell."""

import json
import shlex
from pathlib import Path
from typing import NamedTuple


class Instruction(NamedTuple):
    """One instruction: its word, its options such as `--from=build`, and the rest of it."""

    word: str
    options: tuple[str, ...]
    rest: str

    def words(self) -> list[str]:
        """Return the rest in its exec form, or as words between blanks."""
        listed: list[str] = json.loads(self.rest) if self.rest.startswith("[") else self.rest.split()
        return listed


def read_stages(path: Path) -> list[list[Instruction]]:
    """Return the instructions of each stage, each stage from its FROM on."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    stages: list[list[Instruction]] = []
    for text in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = text.partition(" ")
        options = []
        while (rest := rest.strip()).startswith("--"):
            option, _, rest = rest.partition(" ")
            options.append(option)
        if word == "FROM":
            stages.append([])
        stages[-1].append(Instruction(word, tuple(options), rest))
    return stages


def variables(stage: list[Instruction]) -> dict[str, str]:
    """Return what the stage's ENV instructions set."""
    said = [each for instruction in stage if instruction.word == "ENV" for each in shlex.split(instruction.rest)]
    return dict(each.split("=", 1) for each in said)
