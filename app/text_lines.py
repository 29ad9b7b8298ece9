"""The lines of a text file, in whatever encoding it is, by their numbers."""

import codecs
import re
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from io import BufferedReader, TextIOWrapper

from app.table_rows import MAX_ROW_CHARACTERS, UnreadableFile

PEEKED_BYTES = 65_536
"""How much of a file's beginning may be looked at before it is read."""


class Encoding(StrEnum):
    """How the characters of a file are written, where it has no byte order mark."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    GB18030 = "gb18030"


class RowTooLong(Exception):
    """A row does not end within MAX_ROW_CHARACTERS."""


# The mark of UTF-32 begins with that of UTF-16, so it stands before.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    ("\ufeff".encode("gb18030"), "gb18030"),
)
_BROKEN_UTF8 = re.compile(r"[\udc80-\udcff]")
_BROKEN_OTHERS = re.compile("\ufffd")
_FEW_LINES = 3


@dataclass(frozen=True)
class TextForm:
    """How a file's bytes are text.

    Attributes:
        codec: The name by which Python knows the encoding.
        name: The name by which people know it.
        broken: What stands in the text where bytes were none of the encoding.
    """

    codec: str
    name: str
    broken: re.Pattern[str]

    def lines(self, content: BufferedReader) -> "Lines":
        """Return the lines of a file; bytes that are no text break their own row and no other."""
        errors = "surrogateescape" if self.broken is _BROKEN_UTF8 else "replace"
        return Lines(TextIOWrapper(content, encoding=self.codec, errors=errors, newline=""))


def text_form(beginning: bytes, said: Encoding | None) -> TextForm:
    """Return how a file is text: by its byte order mark, else as was said, else UTF-16 where it looks so, else UTF-8.

    Which of the older encodings a file has cannot be known from its bytes, only that it is not UTF-8.

    Args:
        beginning: Its first bytes.
        said: What whoever knows the file said of it; None where nothing was.

    Raises:
        UnreadableFile: Where nothing was said, and the file is not UTF-8 as a whole.
    """
    codec = next((codec for mark, codec in _MARKS if beginning.startswith(mark)), None)
    if codec is None and said in (None, Encoding.UTF_16):
        codec = _unmarked_utf16(beginning)
    if codec is None and said is None and _is_older(beginning):
        raise UnreadableFile(
            "the text is not UTF-8: save the file as UTF-8, or say what it is, such as --encoding gb18030"
        )
    codec = codec or said or Encoding.UTF_8
    name = codec.removesuffix("-sig").removesuffix("-le").removesuffix("-be").upper()
    return TextForm(codec, name, _BROKEN_UTF8 if name == "UTF-8" else _BROKEN_OTHERS)


def _unmarked_utf16(beginning: bytes) -> str | None:
    """Return the codec of UTF-16 whose first two characters are of ASCII, as those of a header or of JSON are."""
    match [byte == 0 for byte in beginning[:4]]:
        case [False, True, False, True]:
            return "utf-16-le"
        case [True, False, True, False]:
            return "utf-16-be"
    return None


def _is_older(beginning: bytes) -> bool:
    """Return whether most lines are not UTF-8 and none shows that it is: a single bad row is that row's own fault."""
    *lines, rest = beginning.split(b"\n")
    # What was peeked at may end within a character.
    lines += [rest] if len(beginning) < PEEKED_BYTES else []
    strange = [line for line in lines if not line.isascii()]
    return len(strange) >= max(_FEW_LINES, len(lines) / 2) and not any(_is_utf8(line) for line in strange)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


class Lines:
    """The lines of a file by their numbers; those of the present row can be read once more."""

    def __init__(self, text: TextIOWrapper) -> None:
        """Begin at the first line."""
        self._text = text
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._row_length = 0
        self._next_number = 1

    def begin_row(self) -> int:
        """Let the next line be the first of a row, and return its number."""
        self._row, self._row_length = [], 0
        return self._next_number

    def resume_after_first(self) -> None:
        """Let the next line be the second of the present row: its first is broken, and may have swallowed others."""
        self._resume_with(self._row[1:])

    def resume_with_first(self) -> None:
        """Let the next line be the first of the present row, as if it had not been read."""
        self._resume_with(self._row)

    def _resume_with(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self._next_number -= len(lines)

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self._row.append(line)
        self._row_length += len(line)
        self._next_number += 1
        if self._row_length > MAX_ROW_CHARACTERS:
            raise RowTooLong
        return line

    def _read(self) -> str:
        """Return the next line, or what there is room for of one that is too long anyway."""
        line = rest = self._text.readline(MAX_ROW_CHARACTERS + 1)
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(MAX_ROW_CHARACTERS + 1)
        # Not every codec takes the byte order mark for itself.
        return line.removeprefix("\ufeff") if self._next_number == 1 else line
