"""How a text file is encoded: a byte order mark, strict UTF-8, or what the source declares; never a guess that alters."""

from __future__ import annotations

import codecs
import re
from typing import Final

from domain.errors import ExportRefused, ListRefused
from storage.files import CHUNK, ExportFile, opened

Refused = type[ExportRefused] | type[ListRefused]

HEAD: Final = 1 << 18
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A capital A with tilde or circumflex before a sign is UTF-8 that was read as cp1252 and written as UTF-8 again.
_DOUBLED: Final = re.compile(
    rb"\xc3[\x82\x83](?:\xc2[\x80-\xbf]|[\xc5\xc6\xcb][\x80-\xbf]|\xe2[\x80-\x84][\x80-\xbf])"
)
_ASCII_AND_TAILS: Final = bytes(range(0xC0))


def encoding_of(file: ExportFile, *, fallback: str, place: str, refused: Refused) -> tuple[str, int]:
    """Encoding and length of the byte order mark: the mark decides, then strict UTF-8, then ``fallback``.

    Raises:
        ExportRefused, ListRefused: no text, or text that was encoded twice.
    """
    with opened(file) as stream:
        head = stream.read(HEAD)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise refused(what="the file is UTF-32", do="Save it as CSV UTF-8", place=place)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            if encoding == "utf-8" and not _is_utf8(file, place, refused):
                raise refused(what="the file says UTF-8 and is not", do="Save it as CSV UTF-8", place=place)
            return encoding, len(mark)
    # Without a mark, UTF-16 shows by the zero in every other byte; a single zero is a matter of its row.
    for encoding, high in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if high.count(0) * 2 > len(high):
            return encoding, 0
    return ("utf-8" if _is_utf8(file, place, refused) else fallback), 0


def undecodable(encoding: str, place: str, refused: Refused) -> ExportRefused | ListRefused:
    """The error for bytes that fit no allowed encoding."""
    return refused(
        what=f"the file is neither valid UTF-8 nor valid {encoding}", do="Save it as CSV UTF-8", place=place
    )


def _is_utf8(file: ExportFile, place: str, refused: Refused) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    doubled = characters = 0
    try:
        with opened(file) as stream:
            while chunk := stream.read(CHUNK):
                if chunk.isascii() and not decoder.getstate()[0]:
                    continue
                decoder.decode(chunk)
                doubled += len(_DOUBLED.findall(chunk))
                characters += len(chunk.translate(None, _ASCII_AND_TAILS))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    # One odd cell is a matter of that cell; a file in which nearly every accent is a pair was converted twice.
    if doubled >= 3 and doubled * 4 >= characters:
        raise refused(
            what="the file was converted to UTF-8 twice: its accents are pairs of signs",
            do="Export it again and do not convert it",
            place=place,
        )
    return True
