"""The last look at bytes: nothing but the template and digests may stand in a request body (R-103)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from boundary.address import addresses
from domain.audience import BodyTemplate
from domain.errors import GateRefused, PlaintextFound

_HEX_CHARACTERS: Final = 64
_NOT_HEX: Final = 0x100


def _pairs() -> npt.NDArray[np.uint16]:
    """Two lower-case hex characters, read as one little-endian number, to the byte they stand for."""
    values = np.full(1 << 16, _NOT_HEX, dtype=np.uint16)
    for high, first in enumerate(b"0123456789abcdef"):
        for low, second in enumerate(b"0123456789abcdef"):
            values[first | second << 8] = high << 4 | low
    return values


_PAIRS: Final = _pairs()


def address_offsets(data: bytes) -> list[int]:
    """Where address-shaped text starts: also with a full-width at sign, percent, JSON or HTML escapes."""
    return [found.start for found in addresses(data)]


def inspected(body: bytes, template: BodyTemplate) -> npt.NDArray[np.uint8]:
    """Compare every byte of a finished body with what may leave; gives the digests, one row of 32 bytes each.

    Raises:
        PlaintextFound: something address-shaped is in the body or in the template itself.
        GateRefused: the body differs from the template in any other way.
    """
    _require_no_address(template.head + template.before + template.after + template.separator + template.tail)
    digests = _digests(body, template)
    if digests is None:
        _require_no_address(body)
        raise GateRefused(
            what="a request body is not its template filled with digests of 64 lower-case hex characters",
            do="Do not send; run the sync again so that the gate makes a new batch",
        )
    return digests


def _require_no_address(data: bytes) -> None:
    found = address_offsets(data)
    if found:
        raise PlaintextFound(
            what=f"{len(found)} address-shaped value(s) in a request body",
            do="Do not send; report this: only digests may stand in a body",
        )


def _digests(body: bytes, template: BodyTemplate) -> npt.NDArray[np.uint8] | None:
    """The digests of a body that is its template and nothing else, or None."""
    start, end = len(template.head), len(body) - len(template.tail)
    if start > end or not (body.startswith(template.head) and body.endswith(template.tail)):
        return None
    if start == end:
        return np.empty((0, _HEX_CHARACTERS // 2), dtype=np.uint8)
    after = template.after + template.separator
    width = len(template.before) + _HEX_CHARACTERS + len(after)
    text = body[start:end] + template.separator
    if len(text) % width:
        return None
    rows = np.frombuffer(text, dtype=np.uint8).reshape(-1, width)
    first, last = len(template.before), len(template.before) + _HEX_CHARACTERS
    framed = (rows[:, :first] == np.frombuffer(template.before, dtype=np.uint8)).all() and (
        rows[:, last:] == np.frombuffer(after, dtype=np.uint8)
    ).all()
    values: npt.NDArray[np.uint16] = _PAIRS[np.ascontiguousarray(rows[:, first:last]).view("<u2")]
    if not framed or (values == _NOT_HEX).any():
        return None
    return values.astype(np.uint8)
