"""`python -m docs.site`: builds the site of the documentation, and fails where a link or an anchor is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

from docs.site.check import faults
from docs.site.reference import write_reference
from docs.site.stage import stage

_REPOSITORY = Path(__file__).parents[2]
_SOURCE = _REPOSITORY / ".docs" / "source"
_SITE = _REPOSITORY / ".docs" / "site"


def main() -> int:
    """Build, and return the exit code."""
    for folder in (_SOURCE, _SITE):
        shutil.rmtree(folder, ignore_errors=True)
    stage(_REPOSITORY, _SOURCE)
    write_reference((_REPOSITORY / "schema.graphql").read_text("utf-8"), _SOURCE / "reference")
    zensical = Path(sys.executable).with_name("zensical")
    build = [str(zensical), "build", "--strict", "--clean", "--config-file", str(_REPOSITORY / "zensical.toml")]
    built = subprocess.run(build, cwd=_REPOSITORY, check=False)  # noqa: S603 - its own arguments
    found = list(faults(_SITE))
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if built.returncode or found else 0


if __name__ == "__main__":
    sys.exit(main())
