"""curl for tests that follow what is written for people, on a machine that may have none."""

import os
import shutil
import sys
from pathlib import Path

# As much of it as the documentation uses.
_STAND_IN = """#!{python}
import sys
from urllib.request import Request, urlopen

arguments, headers, data, url = iter(sys.argv[1:]), {{}}, None, ""
for argument in arguments:
    if argument == "-H":
        name, _, value = next(arguments).partition(": ")
        headers[name] = value
    elif argument == "-d":
        data = next(arguments).encode()
    elif not argument.startswith("-"):
        url = argument
print(urlopen(Request(url, data, headers)).read().decode(), end="")
"""


def path_with_curl(folder: Path) -> str:
    """Return a PATH on which there is curl, or what does as much of it as is needed.

    Args:
        folder: Where a stand-in may be put.
    """
    inherited = os.environ["PATH"]
    if shutil.which("curl"):
        return inherited
    stand_in = folder / "bin" / "curl"
    stand_in.parent.mkdir()
    stand_in.write_text(_STAND_IN.format(python=sys.executable))
    stand_in.chmod(0o755)
    return f"{stand_in.parent}{os.pathsep}{inherited}"
