"""Columns of digests against the standard library (R-080)."""

from __future__ import annotations

import hashlib
import hmac

import polars as pl
import pytest

from transforms.digest import keyed, md5, platform_digest, sha256

KEY = bytes(range(200, 232))
TEXTS = ["jan@mail.example", "", None, "é@mail.example", "x" * 200, None]


def frame(texts: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"a": texts}, schema={"a": pl.String})


def expected(texts: list[str | None]) -> list[bytes | None]:
    return [None if text is None else hashlib.sha256(text.encode()).digest() for text in texts]


def test_sha256_is_that_of_the_standard_library_and_null_stays_null() -> None:
    assert frame(TEXTS).select(sha256(pl.col("a")))["a"].to_list() == expected(TEXTS)


def test_bytes_are_hashed_as_bytes() -> None:
    raw = pl.DataFrame({"a": [b"\x00\xff", None]}, schema={"a": pl.Binary})
    assert raw.select(sha256(pl.col("a")))["a"].to_list() == [hashlib.sha256(b"\x00\xff").digest(), None]


def test_a_keyed_reference_is_an_hmac_under_the_hex_of_the_key() -> None:
    texts = [text for text in TEXTS if text is not None]
    ours = frame([*texts, None]).select(keyed(pl.col("a"), KEY))["a"].to_list()
    assert ours == [*(hmac.new(KEY.hex().encode(), text.encode(), "sha256").digest() for text in texts), None]


def test_another_key_gives_other_references() -> None:
    both = frame(["a"]).select(
        keyed(pl.col("a"), KEY).alias("one"), keyed(pl.col("a"), KEY[::-1]).alias("two")
    )
    assert both["one"].item() != both["two"].item()


@pytest.mark.parametrize(
    "texts",
    [[], [None], [None, None, None], ["a"], ["a", None], [None, "a"]],
    ids=["none", "null", "nulls", "one", "end", "start"],
)
def test_no_arrangement_of_nulls_shifts_a_digest(texts: list[str | None]) -> None:
    made = frame(texts).select(sha256(pl.col("a")))["a"]
    assert made.dtype == pl.Binary
    assert made.to_list() == expected(texts)


def test_slices_and_chunks_are_hashed_row_by_row() -> None:
    whole = pl.concat([frame(TEXTS), frame(TEXTS), frame(TEXTS)], rechunk=False)
    for start in range(whole.height):
        part = whole.slice(start, 7)
        assert part.select(sha256(pl.col("a")))["a"].to_list() == expected(part["a"].to_list())


def test_a_filtered_lazy_frame_keeps_its_rows() -> None:
    rows = frame([f"p{number}@mail.example" for number in range(1000)])
    made = (
        rows.lazy()
        .with_columns(sha256(pl.col("a")).alias("d"))
        .filter(pl.col("a").str.contains("9"))
        .collect()
    )
    assert made["d"].to_list() == expected(made["a"].to_list())


def test_what_the_syntax_refuses_is_never_hashed() -> None:
    refused = frame(["", " ", "null", "jan", "a@b@c.example", "ab" * 32, None])
    for platform in ("google", "meta"):
        assert refused.select(platform_digest(pl.col("a"), platform))["a"].null_count() == refused.height


def test_md5_is_what_others_make_their_lists_of() -> None:
    made = frame(["an@post.example", "", "é\n", None]).select(md5(pl.col("a")))["a"].to_list()
    assert [one and one.hex() for one in made[:2]] == [
        hashlib.md5(text, usedforsecurity=False).hexdigest() for text in (b"an@post.example", b"")
    ]
    assert made[2] == hashlib.md5("é\n".encode(), usedforsecurity=False).digest()
    assert made[3] is None
