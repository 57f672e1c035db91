"""A location knows its zone, and is never built from data (R-093)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from boundary.zones import OutboundUri, PlaintextUri, PseudonymousUri, Uri


@pytest.mark.parametrize("zone", [PlaintextUri, PseudonymousUri, OutboundUri])
@pytest.mark.parametrize("text", ["", "els@voorbeeld.example", "s3://key:secret@bucket/x"])
def test_a_location_holds_no_user_data(zone: type[Uri], text: str) -> None:
    with pytest.raises(ValueError, match="without user data") as info:
        zone(text)
    assert not text or text not in str(info.value)


def test_the_same_place_in_two_zones_is_not_the_same() -> None:
    places: list[Uri] = [PlaintextUri("s3://a/b"), PseudonymousUri("s3://a/b"), OutboundUri("s3://a/b")]
    assert len(set(places)) == 3
    assert str(PlaintextUri("s3://a/b")) == "s3://a/b"


def test_a_mix_up_does_not_type_check(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.py"
    mixed.write_text(
        "from boundary.zones import OutboundUri, PlaintextUri\n"
        "def publish(where: OutboundUri) -> None: ...\n"
        "publish(OutboundUri('a'))\n"
        "publish(PlaintextUri('a'))\n",
        "utf-8",
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={tmp_path}", "--config-file=", str(mixed)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line.split(":")[1] for line in done.stdout.splitlines() if "arg-type" in line] == ["4"]
