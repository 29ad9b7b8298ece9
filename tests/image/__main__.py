"""`make image-check`: the steps of the Dockerfile by hand, and what comes of them served.

Where there is nothing to build images with, this follows the Dockerfile in a temporary directory that stands for the
root of the file system: the same commands, the same files, the same lock. Then it migrates and serves by the image's
own entry point, asks what an operator's tools ask, ends it as they do, and shows that nothing has been written beside
the database.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path

from tests.image.dockerfile import Instruction, read_stages, variables
from tests.ports import free_port

_REPOSITORY = Path(__file__).parents[2]
_NOT_BY_HAND = ("useradd",)
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class ImageByHand:
    """What the Dockerfile makes, below a directory."""

    def __init__(self, root: Path, python: str) -> None:
        """Make nothing yet.

        Args:
            root: Stands for the root of the file system.
            python: Stands for the `python` of the base image.
        """
        self._root = root
        self._python = python
        *_, self._made_in, self._final = read_stages(_REPOSITORY / "Dockerfile")
        self._home = self._at(self._only(self._final, "WORKDIR").rest)

    def make(self) -> None:
        """Follow the steps of the stage that makes, in which everything has its final place already."""
        home = self._root
        for step in self._made_in:
            if step.word == "WORKDIR":
                home = self._at(step.rest)
                home.mkdir(parents=True)
            elif step.word == "COPY":
                *sources, target = step.words()
                for source in sources:
                    _copy(_REPOSITORY / source, home / target)
            elif step.word == "RUN":
                program, *arguments = (self._placed(word) for word in step.words())
                subprocess.run([self._python if program == "python" else program, *arguments], cwd=home, check=True)
        self._require_final_stage()

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the environment of a container with these settings."""
        said = {name: self._placed(value) for name, value in variables(self._final).items()}
        path = said.pop("PATH").replace("$PATH", os.environ["PATH"])
        return {**said, "PATH": path, "HOME": "/nonexistent", **settings}

    def begin(self, *arguments: str, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """Begin the entry point with arguments, or with those that it has by itself."""
        entry, command = (self._only(self._final, word).words() for word in ("ENTRYPOINT", "CMD"))
        return self._begin([*entry, *(arguments or command)], environment)

    def is_healthy(self, environment: Mapping[str, str]) -> bool:
        """Return what the health check finds."""
        check = self._only(self._final, "HEALTHCHECK")
        command = Instruction("CMD", (), check.rest.removeprefix("CMD").strip()).words()
        return self._begin(command, environment, stderr=subprocess.DEVNULL).wait() == 0

    def stop_signal(self) -> signal.Signals:
        """Return the signal that ends a container."""
        return signal.Signals[self._only(self._final, "STOPSIGNAL").rest]

    def files(self) -> dict[str, int]:
        """Return every file and directory with the moment of its last change."""
        return {str(path): path.lstat().st_mtime_ns for path in self._root.rglob("*")}

    def take_write_bits(self) -> None:
        """Let nobody write, as far as a file system lets itself be told."""
        for path in self._root.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)

    def _require_final_stage(self) -> None:
        """Require that the last stage takes what was made to the same places, and that its words mean something."""
        for step in self._final:
            if step.word == "COPY":
                source, target = step.words()
                assert (step.options, source) == (("--from=build",), target), step
                assert self._at(target).is_dir(), step
            elif step.word == "RUN":
                assert step.words()[0] in _NOT_BY_HAND, step

    def _begin(
        self, command: list[str], environment: Mapping[str, str], stderr: int | None = None
    ) -> "subprocess.Popen[bytes]":
        program = shutil.which(command[0], path=environment["PATH"])
        assert program is not None
        assert Path(program).is_relative_to(self._root), program
        return subprocess.Popen([program, *command[1:]], cwd=self._home, env=environment, stderr=stderr)

    def _at(self, place: str) -> Path:
        return self._root / place.removeprefix("/")

    def _placed(self, word: str) -> str:
        return str(self._at(word)) if word.startswith("/") else word.replace("=/", f"={self._root}/")

    @staticmethod
    def _only(stage: list[Instruction], word: str) -> Instruction:
        [found] = [each for each in stage if each.word == word]
        return found


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.py[cod]"))
    else:
        shutil.copy2(source, target)


def _status(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def _try(image: ImageByHand, home: Path) -> None:
    port = free_port()
    environment = image.environment(
        ORDERSHARE_DATABASE_URL=f"sqlite+aiosqlite:///{home / 'ordershare.db'}",
        ORDERSHARE_JWT_SECRET="a secret for this check only, long enough",
        # As in the image but for the address: on this machine nobody else may connect.
        ORDERSHARE_HOST="127.0.0.1",
        ORDERSHARE_MODE="production",
        ORDERSHARE_PORT=str(port),
    )
    assert image.begin("migrate", environment=environment).wait() == 0
    assert not image.is_healthy(environment)
    server = image.begin(environment=environment)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not image.is_healthy(environment):
            assert server.poll() is None, "the server has ended by itself"
            assert time.monotonic() < deadline, "the server has not started"
        assert {path: _status(port, path) for path in ("/healthz", "/readyz")} == {"/healthz": 200, "/readyz": 200}
        server.send_signal(image.stop_signal())
        code = server.wait(_STOP_SECONDS)
        assert code in (0, -image.stop_signal()), code
    finally:
        server.kill()
        server.wait()


def main() -> None:
    """Follow the Dockerfile and try what comes of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.image", description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="stands for the base image's")
    python = parser.parse_args().python
    with tempfile.TemporaryDirectory(prefix="ordershare-image-") as root, tempfile.TemporaryDirectory() as home:
        image = ImageByHand(Path(root), python)
        image.make()
        image.take_write_bits()
        before = image.files()
        _try(image, Path(home))
        written = image.files().items() ^ before.items()
        assert not written, written
    print("The image's steps by hand: made, migrated, served, healthy, ready, ended, and nothing written.")


if __name__ == "__main__":
    main()
