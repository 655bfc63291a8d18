"""A file that is imported: found, hashed, decompressed and decoded, in blocks of whole lines.

A file is read twice: once for its hash, by which a known file is skipped, and once for its rows. It must be the
same both times. Everything that is wrong with a whole file is BadData here.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import re
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, NamedTuple

from retainctl.errors import BadConfiguration, BadData, DiskTrouble, TryLater, WrongUsage

BLOCK_BYTES: Final = 1 << 20
LINE_BYTES: Final = 1 << 20
UNPACKED_BYTES: Final = 2 << 30
UNPACKED_RATIO: Final = 200
STDIN: Final = "-"

_MARKS: Final = (  # UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GZIP: Final = b"\x1f\x8b"
_HTML: Final = re.compile(rb"\s*<(?:!doctype\s+html|html|table|\?xml)", re.IGNORECASE)


class Stamp(NamedTuple):
    """What changes when a file is changed."""

    device: int
    inode: int
    size: int
    modified_ns: int


class Block(NamedTuple):
    """Some whole lines of the file: their text, and the byte in the unpacked file where they begin."""

    text: str
    byte_offset: int
    has_bad_bytes: bool  # they stand as surrogates in the text


@dataclass(slots=True)
class InputFile:
    """One file to import: its name as given, the path with its bytes, and their hash."""

    name: str
    path: Path
    sha256: str
    stamp: Stamp
    encoding: str = "utf-8"
    byte_order_mark: bytes = b""
    keeps_bad_bytes: bool = False  # a row with bytes that are no text is read, and they stand in it as surrogates
    beginning: str = ""  # its first few thousand characters, for recognising its format
    is_json: bool = False  # which may be one line of any length
    is_json_lines: bool = False  # known to be so, whatever its first line is
    header_line: int = 1  # of a table: the first that may be its header
    skipped_rows: tuple[str, ...] = ()  # what rows begin with that are none, such as a footer
    notes: list[str] = field(default_factory=list)

    def blocks(self) -> Iterator[Block]:
        """The file's text from its start; the last line may lack its end."""
        with self.path.open("rb") as raw, _unpacked(raw, self.path.name if self.name != STDIN else "") as stream:
            reader = _Bytes(stream, raw)
            yield from self._decoded(reader)
        self._assert_unchanged()

    def beginning_bytes(self, size: int) -> bytes:
        """The first *size* bytes of the file, unpacked."""
        with self.path.open("rb") as raw, _unpacked(raw, self.path.name) as stream:
            return _Bytes(stream, raw).take(size)

    def _decoded(self, reader: _Bytes) -> Iterator[Block]:
        offset = len(self.byte_order_mark)
        reader.skip(offset)
        for data in reader.whole_lines(self.encoding, or_parts=self.is_json):
            try:
                text, bad = data.decode(self.encoding), False
            except UnicodeDecodeError:
                if self.encoding.startswith(("utf-16", "utf-32")):
                    raise BadData(f"{self.name} is not valid {self.encoding}") from None
                text, bad = data.decode(self.encoding, "surrogateescape"), True
            yield Block(text, offset, bad)
            offset += len(data)

    def encoded(self, text: str) -> bytes:
        """The bytes of *text* as they stood in the file."""
        if self.encoding.startswith(("utf-16", "utf-32")):
            return text.encode(self.encoding)
        return text.encode(self.encoding, "surrogateescape")

    def _assert_unchanged(self) -> None:
        """The file is still the one that was hashed, else TryLater: whatever was written is rolled back."""
        if _stamp(os.stat(self.path)) != self.stamp or _hash(self.path) != self.sha256:  # noqa: PTH116
            raise TryLater(f"{self.name} changed while it was being read", hint="Import it again when it is complete.")


@contextmanager
def input_file(name: str, *, encoding: str = "") -> Iterator[InputFile]:
    """The file called *name* (``-``: the standard input, kept in a file of its own while the block runs)."""
    if name == STDIN:
        with _spooled() as path:
            yield _prepared(name, path, encoding)
        return
    path = Path(name)
    if not path.exists():
        raise WrongUsage(f"there is no file {name}")
    if not path.is_file():
        raise WrongUsage(f"{name} is not a regular file", hint="To read from a pipe, use - as the file name.")
    yield _prepared(name, path, encoding)


@contextmanager
def _spooled() -> Iterator[Path]:
    if sys.stdin.isatty():
        raise WrongUsage("there is nothing on standard input", hint="Name a file, or pipe data in.")
    descriptor, name = tempfile.mkstemp(prefix="retainctl-import-")  # 0600
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as spool:
            if (unnamed := Path(f"/proc/self/fd/{descriptor}")).exists():  # so that a kill leaves no file behind
                path.unlink(missing_ok=True)
                path = unnamed
            while block := sys.stdin.buffer.read(BLOCK_BYTES):
                spool.write(block)
            spool.flush()
            yield path
    except OSError as error:
        if error.errno == 28:  # ENOSPC
            raise DiskTrouble("the disk is full; nothing was imported", hint="Free some space.") from error
        raise
    finally:
        Path(name).unlink(missing_ok=True)


def _prepared(name: str, path: Path, encoding: str) -> InputFile:
    try:
        stamp = _stamp(os.stat(path))  # noqa: PTH116
        sha256 = _hash(path)
        with path.open("rb") as raw, _unpacked(raw, path.name if name != STDIN else "") as stream:
            start = _Bytes(stream, raw).take(4096)
    except PermissionError:
        raise BadConfiguration(
            f"{name} cannot be read: permission denied", hint="Check its owner and permissions."
        ) from None
    if not start:
        raise BadData(f"{name} is empty: it has no header row")
    _refuse_other_kinds(name, start)
    found = InputFile(name, path, sha256, stamp)
    for mark, marked in _MARKS:
        if start.startswith(mark):
            found.encoding, found.byte_order_mark = marked, mark
            if marked != "utf-8":
                found.notes.append(f"read as {marked} (from its byte order mark)")
            break
    else:
        found.encoding = _codec(encoding) if encoding else "utf-8"
        _refuse_binary(found, start)
    if start == found.byte_order_mark:
        raise BadData(f"{name} is empty: it has no header row")
    found.beginning = start.removeprefix(found.byte_order_mark).decode(found.encoding, "replace")
    found.is_json = found.beginning.lstrip().startswith(("{", "["))
    return found


_NO_CHARACTERS: Final = frozenset(
    {"charmap", "idna", "punycode", "undefined", "raw-unicode-escape", "unicode_escape", "unicode-escape", "utf-7"}
)


def _refuse_binary(file: InputFile, start: bytes) -> None:
    if not file.encoding.startswith(("utf-16", "utf-32")) and start.count(b"\0") * 10 > len(start):
        raise BadData(
            f"{file.name} is not text: it is binary, or UTF-16 without a byte order mark",
            hint="For UTF-16, use --encoding utf-16-le",
        )


def _codec(name: str) -> str:
    """The codec called *name*; one that is not of a text's characters (``hex``, ``idna``) is none to us."""
    try:
        codec = codecs.lookup({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name.lower(), name)).name
        if b"0".decode(codec, "replace") is not None and codec not in _NO_CHARACTERS:
            return codec
    except (LookupError, ValueError):
        pass
    usual = "Hebrew is usually cp1255, Western Europe cp1252, Central Europe cp1250."
    raise WrongUsage(f"unknown encoding {name}", hint=usual)


def _refuse_other_kinds(name: str, start: bytes) -> None:
    """BadData for a file that is something else behind its name."""
    if start.startswith(_GZIP):
        raise BadData(f"{name} is compressed twice", hint="Decompress it once with gunzip.")
    if start.startswith(b"PK\x03\x04"):
        kind = "an Excel workbook" if b"xl/" in start or b"[Content_Types]" in start else "a zip archive"
        raise BadData(f"{name} is {kind}", hint="Save it as CSV (UTF-8), or unpack it, and import that.")
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadData(f"{name} is an old Excel workbook", hint="Save it as CSV (UTF-8), and import that.")
    if _HTML.match(start.removeprefix(codecs.BOM_UTF8)):
        raise BadData(
            f"{name} is a web page, despite its name", hint="It may be a saved login page. Export the file again."
        )


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _unpacked(raw: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    start = raw.read(2)
    raw.seek(0)
    if start != _GZIP:
        yield raw
        return
    try:
        with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
            yield stream  # type: ignore[misc]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadData(f"{name or 'the input'} is a damaged .gz file: {error}", hint="Copy it again.") from None


class _Bytes:
    """The unpacked bytes in blocks of whole lines, within what memory and patience are for."""

    def __init__(self, stream: IO[bytes], raw: IO[bytes]) -> None:
        self._stream = stream
        self._raw = raw
        self._packed = stream is not raw
        self._read = 0

    def take(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._read += len(data)
        if self._packed and self._read > 10 * BLOCK_BYTES:
            packed = max(self._raw.tell(), 1)
            if self._read > UNPACKED_BYTES or self._read > UNPACKED_RATIO * packed:
                raise BadData(
                    "the .gz file is implausibly large when decompressed",
                    hint="Decompress it and check its contents first.",
                )
        return data

    def skip(self, size: int) -> None:
        self.take(size)

    def whole_lines(self, encoding: str, *, or_parts: bool) -> Iterator[bytes]:
        """Blocks of whole lines; *or_parts* of one that is too long, which end after a comma."""
        ends, commas = ([mark.encode(encoding) for mark in marks] for marks in ("\n\r", ",,"))
        width = len(ends[0])
        rest = b""
        while data := self.take(BLOCK_BYTES):
            data = rest + data
            cut = _after_last(data, ends, width)
            if cut == 0 and len(data) > LINE_BYTES:
                cut = _after_last(data, commas, width) if or_parts else 0
                if cut == 0:
                    raise BadData("a line is longer than 1 MB: this does not look like a table")
            rest = data[cut:]
            if cut:
                yield data[:cut]
        if rest:
            yield rest


def _after_last(data: bytes, ends: list[bytes], width: int) -> int:
    """Where the last whole line ends; a carriage return at the very end may belong to a line feed to come."""
    feed, carriage = ends
    place = data.rfind(feed)
    while place >= 0 and place % width:
        place = data.rfind(feed, 0, place + width - 1)
    if place >= 0:
        return place + width
    place = data.rfind(carriage, 0, max(len(data) - width, 0))
    while place >= 0 and place % width:
        place = data.rfind(carriage, 0, place + width - 1)
    return place + width if place >= 0 else 0
