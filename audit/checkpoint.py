"""Checkpoints (c2sp.org/tlog-checkpoint): origin, size and root of the log, both directions. Pure."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from audit.merkle import EMPTY_ROOT, HASH_BYTES
from audit.note import Signer, VerifierKey, from_base64, opened
from domain.errors import LogBroken

_ORIGIN: Final = re.compile(r"\A[^\x00-\x1f]+\Z")
_SIZE: Final = re.compile(r"\A(?:0|[1-9][0-9]{0,17})\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A log at one size. Extension lines are refused: no monitor could audit them."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        known = _ORIGIN.match(self.origin) and 0 <= self.size < 10**18 and len(self.root) == HASH_BYTES
        if not known or (self.size == 0 and self.root != EMPTY_ROOT):
            raise ValueError("a checkpoint is an origin line, a size and 32 bytes that fit it")

    def to_text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """Read the three lines back.

        Raises:
            LogBroken: the text is anything else, however slightly.
        """
        lines = text.split("\n")
        if len(lines) == 4 and not lines[3] and _SIZE.match(lines[1]):
            root = from_base64(lines[2])
            if root is not None:
                try:
                    return cls(origin=lines[0], size=int(lines[1]), root=root)
                except ValueError:
                    pass
        raise LogBroken(what="not a checkpoint", do="Fetch the checkpoint again from its publisher")

    def signed(self, signer: Signer) -> bytes:
        """The checkpoint as a signed note."""
        return signer.sign(self.to_text())

    @classmethod
    def verified(cls, note: bytes, key: VerifierKey) -> Checkpoint:
        """Checkpoint in a note that ``key`` signed.

        Raises:
            LogBroken: not signed by that key, or not a checkpoint.
        """
        return cls.from_text(opened(note, key))
