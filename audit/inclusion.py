"""Proof that an entry is in the log (c2sp.org/tlog-proof), both directions. Without one, nothing is sent (R-104)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from audit.checkpoint import Checkpoint
from audit.entry import Entry, Kind
from audit.merkle import leaf_hash, verify_inclusion
from audit.note import VerifierKey, from_base64
from domain.errors import LogBroken

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_SHAPE: Final = re.compile(
    rf"\A{re.escape(_HEADER)}\nextra (?P<extra>[^\n]+)\nindex (?P<index>0|[1-9][0-9]{{0,17}})\n"
    r"(?P<proof>(?:[^\n]+\n)*)\n(?P<note>.+)\Z",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """An entry as the log took it, its place, and the way from its leaf to the root of a signed checkpoint."""

    index: int
    entry: Entry
    proof: tuple[bytes, ...]
    checkpoint: bytes

    @property
    def leaf(self) -> bytes:
        """Leaf hash of the entry."""
        return leaf_hash(self.entry.to_bytes())

    def verify(self, key: VerifierKey) -> Checkpoint:
        """Check signature and proof; gives the checkpoint that was proven against.

        Raises:
            LogBroken: the entry is not shown to be in a log of that key.
        """
        signed = Checkpoint.verified(self.checkpoint, key)
        if signed.origin != key.name:
            raise LogBroken(
                what="the checkpoint is of another log", do="Use the key of this log", place=key.name
            )
        verify_inclusion(self.leaf, index=self.index, size=signed.size, proof=self.proof, root=signed.root)
        return signed

    def verify_intent(self, key: VerifierKey, *, run: str, destination: str) -> None:
        """Check that this is the intent of that run and destination, and that the log holds it.

        Raises:
            LogBroken: it is not; nothing may be sent.
        """
        self.verify(key)
        fields = self.entry.fields
        if self.entry.kind is not Kind.INTENT or (fields["run"], fields["destination"]) != (run, destination):
            raise LogBroken(
                what="the proof is not that of the intent of this run and destination",
                do="Do not send; run the sync again so that a new intent is entered",
                place=run,
            )

    def to_text(self) -> str:
        """A ``.tlog-proof`` file; the extra data is the entry itself."""
        hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.proof)
        extra = base64.b64encode(self.entry.to_bytes()).decode()
        return f"{_HEADER}\nextra {extra}\nindex {self.index}\n{hashes}\n{self.checkpoint.decode()}"

    @classmethod
    def from_text(cls, text: str) -> Inclusion:
        """Read a ``.tlog-proof`` file back; nothing in it is believed before ``verify``.

        Raises:
            LogBroken: not a proof with its entry.
        """
        match = _SHAPE.match(text)
        if match:
            extra = from_base64(match["extra"])
            hashes = [from_base64(line) for line in match["proof"].splitlines()]
            proof = tuple(one for one in hashes if one is not None)
            if extra is not None and len(proof) == len(hashes):
                return cls(
                    index=int(match["index"]),
                    entry=Entry.from_bytes(extra),
                    proof=proof,
                    checkpoint=match["note"].encode(),
                )
        raise LogBroken(what="not a proof of inclusion", do="Ask for the proof again")
