"""The platforms' spellings against their references, and the widest form over all pairs of spellings (R-077, R-038)."""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from facebook_business.adobjects.helpers.customaudiencemixin import CustomAudienceMixin
from google.ads.datamanager_util.format import Formatter

from transforms.digest import platform_digest
from transforms.email import (
    NORMALISED_PLATFORMS,
    NORMALISER_VERSIONS,
    WHITE_SPACE,
    normalised,
    refused_by_syntax,
    widest,
)

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(platform: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{platform}.json").read_text("utf-8"))
    return found


def one(expression: pl.Expr, text: str | None) -> Any:
    return pl.DataFrame({"a": [text]}, schema={"a": pl.String}).select(expression).item()


def spelled(text: str | None, platform: str) -> Any:
    return one(normalised(pl.col("a"), platform), text)


def wide(text: str | None) -> Any:
    return one(widest(pl.col("a")), text)


def reference(text: str) -> str | None:
    try:
        return str(Formatter().format_email_address(text))
    except ValueError:
        return None


@pytest.mark.parametrize("platform", NORMALISED_PLATFORMS)
def test_r_077_every_published_vector_holds(platform: str) -> None:
    frame = pl.DataFrame(vectors(platform)).select(
        "rule", "sha256", platform_digest(pl.col("input"), platform).bin.encode("hex").alias("ours")
    )
    assert frame.height > 50
    assert frame.filter(pl.col("ours").ne_missing(pl.col("sha256")))["rule"].to_list() == []


def test_the_google_vectors_are_those_of_the_installed_package() -> None:
    for vector in vectors("google"):
        text = reference(vector["input"])
        assert vector["sha256"] == (None if text is None else hashlib.sha256(text.encode()).hexdigest()), (
            vector["rule"]
        )


def test_both_platforms_have_vectors_for_the_same_rules() -> None:
    ours = [vector["rule"] for vector in vectors("google")]
    assert ours == [vector["rule"] for vector in vectors("meta")][1:]


def test_metas_own_sdk_is_no_oracle() -> None:
    # It hashes what forbid, and takes off dots that the documentation keeps.
    def sdk(text: str) -> str:
        made = CustomAudienceMixin.format_params("EMAIL_SHA256", [text])
        return str(made["payload"]["data"][0])

    empty, digest = hashlib.sha256(b"").hexdigest(), "ab" * 32
    assert sdk("") == empty
    assert sdk(digest) == hashlib.sha256(digest.encode()).hexdigest()
    assert sdk("jan@mail.example.") == hashlib.sha256(b"jan@mail.example").hexdigest()
    assert spelled("", "meta") is None
    assert spelled(digest, "meta") is None
    assert spelled("jan@mail.example.", "meta") == "jan@mail.example."


@pytest.mark.parametrize("platform", NORMALISED_PLATFORMS)
def test_null_is_never_an_address(platform: str) -> None:
    assert spelled(None, platform) is None
    assert one(refused_by_syntax(pl.col("a")), None) is True


def test_a_platform_without_a_rule_has_no_spelling() -> None:
    with pytest.raises(KeyError):
        normalised(pl.col("a"), "elsewhere")


def test_r_077_every_rule_has_a_version() -> None:
    assert set(NORMALISER_VERSIONS) == {*NORMALISED_PLATFORMS, "widest"}


def test_white_space_is_what_python_strips() -> None:
    known = {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()}
    assert set(WHITE_SPACE) == known


@pytest.mark.parametrize("space", sorted(WHITE_SPACE), ids=lambda space: f"U+{ord(space):04X}")
def test_white_space_goes_at_the_ends_and_refuses_inside(space: str) -> None:
    for platform in NORMALISED_PLATFORMS:
        assert spelled(f"{space}Jan@mail.example{space}", platform) == "jan@mail.example"
        assert spelled(f"jan{space}p@mail.example", platform) is None
        assert spelled(f"jan@mail{space}.example", platform) is None


def test_lower_case_is_pythons_for_every_assigned_character() -> None:
    letters = [
        char
        for char in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(char) not in {"Cn", "Cs"} and char not in {"@", *WHITE_SPACE}
    ]
    frame = pl.DataFrame({"a": [f"x{char}x@mail.example" for char in letters]})
    ours = frame.select(normalised(pl.col("a"), "meta"))["a"].to_list()
    wrong = [
        hex(ord(char))
        for char, text in zip(letters, ours, strict=True)
        if text != f"x{char}x@mail.example".lower()
    ]
    assert wrong == []


def test_only_gmail_loses_dots_and_tags() -> None:
    assert spelled("Syn.Thetic+a@gmail.com", "google") == "synthetic@gmail.com"
    assert spelled("Syn.Thetic+a@googlemail.com", "google") == "synthetic@googlemail.com"
    assert spelled("Syn.Thetic+a@mail.example", "google") == "syn.thetic+a@mail.example"
    assert spelled("Syn.Thetic+a@gmail.com", "meta") == "syn.thetic+a@gmail.com"


# One mailbox in many spellings: each pair must meet, whichever of the two objects.
MAILBOX = (
    "jan.p@mail.example",
    "JAN.P@Mail.Example",
    " jan.p@mail.example\u00a0",
    "jan.p+news@mail.example",
    "jan.p+news+more@mail.example",
    "jan\u200b.p@mail.example",
    "jan.p\u00ad@mail.example\ufeff",
    "ｊａｎ.p@mail.example",
    "jan.p＠mail.example",
    "jan.p@mail。example",
    "jan.p@mail.example.",
    "jan.p @ mail.example",
)
GMAIL = (
    "synthetic.x@gmail.com",
    "syntheticx@gmail.com",
    "s.ynthetic.x@googlemail.com",
    "Synthetic.X+tag@GoogleMail.com",
    "synthetic..x@gmail.com",
)
FOREIGN = (
    "jan@münchen.example",
    "jan@MÜNCHEN.example",
    "jan@xn--mnchen-3ya.example",
    "jan+a@xn--mnchen-3ya.example",
)
GREEK = ("οδοσ@mail.example", "ΟΔΟΣ@mail.example", "οδος@mail.example")


@pytest.mark.parametrize(
    "spellings", [MAILBOX, GMAIL, FOREIGN, GREEK], ids=["mailbox", "gmail", "idn", "sigma"]
)
def test_all_spellings_of_one_mailbox_share_the_widest_form(spellings: tuple[str, ...]) -> None:
    for first, second in itertools.product(spellings, repeat=2):
        assert wide(first) == wide(second)


def test_two_mailboxes_do_not_share_the_widest_form() -> None:
    different = [
        MAILBOX[0],
        GMAIL[0],
        FOREIGN[0],
        GREEK[0],
        "+a@mail.example",
        "+b@mail.example",
        "jan@mail.example",
    ]
    assert len({wide(address) for address in different}) == len(different)


@pytest.mark.parametrize("nothing", [None, "", " ", "\u200b", ".", "\u3000"])
def test_nothing_has_no_widest_form(nothing: str | None) -> None:
    assert wide(nothing) is None
