"""Only what the gate has sealed may be sent, in this run and to this destination (R-103)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundary.batch import BatchSummary, Seal, part_digest, sealed_batch, verify_seal
from domain.audience import Operation
from domain.errors import GateRefused

KEY = bytes(range(32))
SUMMARY = BatchSummary(
    run="20250101T000000Z-0123abcd",
    audience="renewals",
    destination="google_ads",
    operation=Operation.ADD,
    rows=2,
    parts=("00" * 32,),
)
SEAL = sealed_batch(SUMMARY, key=KEY)


def verified(
    seal: Seal, *, key: bytes = KEY, run: str = SUMMARY.run, destination: str = "google_ads"
) -> None:
    verify_seal(seal, key=key, run=run, destination=destination)


def test_a_seal_of_ours_verifies() -> None:
    verified(SEAL)


@pytest.mark.parametrize(
    "changed",
    [
        {"rows": 3},
        {"audience": "others"},
        {"operation": Operation.REMOVE},
        {"parts": ("01" * 32,)},
        {"parts": ("00" * 32, "00" * 32)},
        {"run": "20250101T000000Z-0123abce"},
        {"destination": "meta_ads"},
    ],
    ids=str,
)
def test_any_change_breaks_the_seal(changed: dict[str, object]) -> None:
    summary = replace(SUMMARY, **changed)  # type: ignore[arg-type]
    with pytest.raises(GateRefused):
        verify_seal(
            Seal(summary=summary, mac=SEAL.mac), key=KEY, run=summary.run, destination=summary.destination
        )


def test_a_seal_is_not_valid_for_another_run_destination_or_key() -> None:
    with pytest.raises(GateRefused):
        verified(SEAL, run="20250102T000000Z-0123abcd")
    with pytest.raises(GateRefused):
        verified(SEAL, destination="meta_ads")
    with pytest.raises(GateRefused):
        verified(SEAL, key=bytes(32))
    with pytest.raises(GateRefused):
        verified(replace(SEAL, mac=""))


digests = st.lists(st.binary(min_size=32, max_size=32), max_size=5)


@given(digests)
def test_a_part_digest_is_over_the_raw_digests_in_order(rows: list[bytes]) -> None:
    made = part_digest(pl.Series(rows, dtype=pl.Binary))
    assert made == hashlib.sha256(b"".join(rows)).hexdigest()


@pytest.mark.parametrize("wrong", [None, b"", bytes(31), bytes(33)])
def test_a_missing_or_misshapen_digest_refuses_the_part(wrong: bytes | None) -> None:
    with pytest.raises(GateRefused):
        part_digest(pl.Series([bytes(32), wrong, bytes(32)], dtype=pl.Binary))
