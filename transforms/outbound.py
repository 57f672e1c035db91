"""The one column that may leave, and how it becomes the bytes of a request (R-076)."""

from __future__ import annotations

from typing import Final

import polars as pl

from domain.audience import BodyTemplate
from domain.errors import GateRefused

# Closed list: whatever else a frame holds stays inside.
OUTBOUND_COLUMNS: Final = ("digest",)
DIGEST_BYTES: Final = 32


def body(digests: pl.Series, template: BodyTemplate) -> bytes:
    """Lay digests into a template, in their order.

    Needs:  Binary, 32 bytes each, never null
    Gives:  the bytes of one request body; the digests as lower-case hex and nothing else beside the template

    Raises:
        GateRefused: a null, another type or another length, which the gate must have stopped.
    """
    _require(digests)
    if digests.is_empty():
        return template.head + template.tail
    glue = (template.after + template.separator + template.before).decode("ascii")
    joined: str = digests.bin.encode("hex").str.join(glue).item()
    parts = (template.head, template.before, joined.encode("ascii"), template.after, template.tail)
    return b"".join(parts)


def _require(digests: pl.Series) -> None:
    typed = digests.dtype == pl.Binary
    whole = typed and not digests.null_count() and bool((digests.bin.size() == DIGEST_BYTES).all())
    if not whole:
        raise GateRefused(
            what="a batch holds something other than 32-byte digests",
            do="Do not send; report this: the gate must have stopped it",
        )
