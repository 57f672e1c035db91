from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.merkle import EMPTY_ROOT
from audit.note import Signer, VerifierKey
from domain.errors import LogBroken

# A checkpoint of the Go checksum database: a public log of another implementation.
GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_NOTE = (
    "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n"
    "— sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n"
).encode()

CHECKPOINTS = st.builds(
    Checkpoint,
    origin=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30),
    size=st.integers(1, 10**18 - 1),
    root=st.binary(min_size=32, max_size=32),
) | st.builds(Checkpoint, origin=st.just("log.example/a"), size=st.just(0), root=st.just(EMPTY_ROOT))


def test_a_checkpoint_of_another_log_verifies() -> None:
    found = Checkpoint.verified(GO_NOTE, VerifierKey.from_text(GO_KEY))
    assert (found.origin, found.size, found.root.hex()[:8]) == ("go.sum database tree", 63096908, "f251eb40")


def test_a_checkpoint_of_another_log_that_was_changed_does_not() -> None:
    with pytest.raises(LogBroken):
        Checkpoint.verified(GO_NOTE.replace(b"63096908", b"63096909"), VerifierKey.from_text(GO_KEY))


@given(checkpoint=CHECKPOINTS)
def test_a_checkpoint_is_read_back(checkpoint: Checkpoint) -> None:
    assert Checkpoint.from_text(checkpoint.to_text()) == checkpoint


@given(checkpoint=CHECKPOINTS, seed=st.binary(min_size=32, max_size=32))
def test_a_signed_checkpoint_is_read_back(checkpoint: Checkpoint, seed: bytes) -> None:
    signer = Signer("log.example/a", seed)
    assert Checkpoint.verified(checkpoint.signed(signer), signer.key) == checkpoint


ROOT_LINE = "8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n1\n",
        f"log\n1\n{ROOT_LINE}",
        f"log\n1\n{ROOT_LINE}\n\n",
        f"log\n1\n{ROOT_LINE}\nextension\n",
        f"\n1\n{ROOT_LINE}\n",
        f"log\n01\n{ROOT_LINE}\n",
        f"log\n-1\n{ROOT_LINE}\n",
        f"log\n1 \n{ROOT_LINE}\n",
        f"log\n١\n{ROOT_LINE}\n",
        f"log\n{10**18}\n{ROOT_LINE}\n",
        f"log\n0\n{ROOT_LINE}\n",
        "log\n1\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y55=\n",
        "log\n1\nAAAA\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(LogBroken):
        Checkpoint.from_text(text)
