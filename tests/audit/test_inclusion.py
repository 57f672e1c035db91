from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.inclusion import Inclusion
from audit.note import Signer
from domain.errors import LogBroken
from tests.audit.logs import ORIGIN, SEED, grown, intent, ledger, run_name

STORE, CLOCK = grown(300)
LOG = ledger(STORE, CLOCK)
INTENT = LOG.append(intent(CLOCK.tick()))


@given(index=st.integers(0, 300))
def test_a_proof_is_read_back(index: int) -> None:
    inclusion = LOG.inclusion(index)
    found = Inclusion.from_text(inclusion.to_text())
    assert found == inclusion
    found.verify(LOG.key)


def test_a_proof_is_text_of_the_published_format() -> None:
    lines = LOG.inclusion(1).to_text().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 1"
    assert lines[12:14] == ["", ORIGIN]


def test_the_intent_of_the_run_and_destination_opens_the_way() -> None:
    INTENT.verify_intent(LOG.key, run=run_name(1), destination="google-main")


@pytest.mark.parametrize(
    ("run", "destination"), [(run_name(2), "google-main"), (run_name(1), "meta-main"), ("", "")]
)
def test_the_intent_of_another_run_or_destination_does_not(run: str, destination: str) -> None:
    with pytest.raises(LogBroken):
        INTENT.verify_intent(LOG.key, run=run, destination=destination)


def test_an_entry_that_is_no_intent_does_not_open_the_way() -> None:
    with pytest.raises(LogBroken, match="not that of the intent"):
        LOG.inclusion(3).verify_intent(LOG.key, run=run_name(1), destination="google-main")


def test_no_forged_proof_verifies() -> None:
    other = Signer(ORIGIN, bytes(32))
    signed_by_another = LOG.checkpoint().signed(other)
    of_another_log = replace(LOG.checkpoint(), origin="other.example").signed(Signer(ORIGIN, SEED))
    forged = [
        replace(INTENT, index=0),
        replace(INTENT, index=301),
        replace(INTENT, proof=()),
        replace(INTENT, proof=INTENT.proof[:-1]),
        replace(INTENT, entry=intent(CLOCK.tick())),
        replace(INTENT, checkpoint=signed_by_another),
        replace(INTENT, checkpoint=of_another_log),
        replace(INTENT, checkpoint=grown(300)[0].files["checkpoint"]),
    ]
    for one in forged:
        with pytest.raises(LogBroken):
            one.verify(LOG.key)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("index", "Index"),
        ("@v1", "@v2"),
        ("extra ", "extra !"),
        ("index 1\n", "index 01\n"),
        ("=\n\n", "=\n"),
    ],
)
def test_what_is_no_proof_is_refused(old: str, new: str) -> None:
    text = LOG.inclusion(1).to_text()
    assert old in text
    with pytest.raises(LogBroken):
        Inclusion.from_text(text.replace(old, new, 1)).verify(LOG.key)
