"""The text of a file: plain or compressed by gzip, in UTF-8, UTF-16 or Windows-1252."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path

from fanin.csv.errors import UserError

_GZIP = b"\x1f\x8b"


def read_text(path: Path) -> tuple[str, str]:
    """Return the text of a file, and a note on its encoding, or ""; raise UserError if it has none."""
    content = _content(path)
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text, note = content.decode("utf-16"), ""
        else:
            text, note = _decoded(content)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UserError(f"{path}, line {line}: contains a null byte; save the file as UTF-8 text")
    return text, note


def _content(path: Path) -> bytes:
    try:
        if path.is_char_device():
            raise UserError(f"{path} is a device; expected a file")
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(_GZIP) else content
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is not a valid gzip file: {error}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _decoded(content: bytes) -> tuple[str, str]:
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return content.decode("cp1252"), f"not UTF-8 from line {line} on; read as Windows-1252"
