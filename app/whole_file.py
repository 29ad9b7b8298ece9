"""Writing a file that is there whole, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write, which nobody but its owner may read.

    It is written beside, as `.NAME.….partial`, and takes its place when all of it is on the disk; where the context
    ends by an exception, it is taken away, and what stood at the place before stays. What is no file, such as a pipe,
    is written to as it is.

    Args:
        path: Where; a link there is followed.

    Raises:
        OSError: Where it cannot be written.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        with place.open("wb") as pipe:
            yield pipe
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name}.", suffix=".partial", dir=place.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as written:
            yield written
            written.flush()
            os.fsync(descriptor)
        beside.replace(place)
    except BaseException:
        with suppress(FileNotFoundError):
            beside.unlink()
        raise
