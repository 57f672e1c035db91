"""Outside, an audience is called by a code; no name that says what it is about gets through (R-065)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outbound_name import OutboundName

# The platforms flag lists for such words; each is also tried where a code would have its digits.
TELLING = [
    "diabetes", "kanker", "zwanger", "ziekenhuis", "krediet", "schulden", "hôpital", "grossesse", "crédit", "invalidité",
    "credit", "hospital", "pregnancy", "Krankenhaus", "Schulden", "Schwangerschaft",
]  # fmt: skip
DIGESTS = st.binary(max_size=40).map(lambda data: hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("word", TELLING)
def test_r_065_a_telling_name_is_refused_and_not_repeated(word: str) -> None:
    for name in (
        word,
        word.upper(),
        f"S-{word}",
        f"S-0000-0000 {word}",
        f"{word}\nS-0000-0000",
        f"S-0000-0000\n{word}",
    ):
        with pytest.raises(ValueError, match="not an outbound name") as caught:
            OutboundName(name)
        assert word.casefold() not in str(caught.value).casefold()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "S-0000",
        "S-0000-000",
        "S-0000-00000",
        "s-0000-0000",
        "S-0000-0000\n",
        "S-٠٠٠٠-٠٠٠٠",
        "S-abcd-0000",
    ],
)
def test_only_digits_in_their_pattern_are_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="not an outbound name"):
        OutboundName(name)


@given(DIGESTS)
def test_r_065_every_code_is_a_name_and_always_the_same(digest: str) -> None:
    assert OutboundName.of(digest) == OutboundName.of(digest)
    assert OutboundName(str(OutboundName.of(digest))) == OutboundName.of(digest)


def test_codes_of_a_hundred_lines_differ() -> None:
    codes = {str(OutboundName.of(hashlib.sha256(bytes([line])).hexdigest())) for line in range(100)}
    assert len(codes) == 100
    assert str(OutboundName.of("0" * 62 + "0a")) == "S-0000-0010"


@pytest.mark.parametrize("text", ["", "travel", "ab", "AB" * 32, "0" * 63, "0" * 64 + "\n"])
def test_a_code_is_made_of_a_digest_only(text: str) -> None:
    with pytest.raises(ValueError, match="not a digest"):
        OutboundName.of(text)
