"""``sluice vectors``: does our spelling of an address give the digest that somebody else computed?"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.output import JsonOption, give
from domain.errors import ListRefused

_HEX: Final = re.compile(r"\A[0-9a-f]{64}\Z")
_DO: Final = (
    'Write a JSON list of {"platform": text, "input": text, "sha256": 64 hex digits, or null for refused}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How many vectors agree, how many do not and which, and how many are of a platform without a rule."""

    match: int
    differ: int
    unsupported: int
    differing_indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False)
class _Vector:
    platform: str
    text: str | None
    digest: str | None


def vectors(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSON list of platform, input, sha256.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Compare (platform, input, sha256) vectors with our digests; prints counts and indexes, never a value.

    Only the platform's spelling and syntax are judged, not what our policy thinks of an address. An index counts from
    0. Exit code 1 if any vector differs.
    """
    found = judge(_read(file))
    lines = [f"{found.match:,} match · {found.differ:,} differ · {found.unsupported:,} unsupported"]
    if found.differ:
        lines.append(f"differing indexes: {', '.join(str(index) for index in found.differing_indexes)}")
    give(found, as_json=as_json, text=lines)
    if found.differ:
        raise typer.Exit(code=1)


def judge(vectors: Sequence[object]) -> Judgement:
    """Compare vectors with our digests. A platform's name counts in any case.

    Raises:
        ListRefused: an entry is not a vector; names its index.
    """
    import polars as pl

    from transforms.digest import platform_digest
    from transforms.email import NORMALISED_PLATFORMS

    read = [_vector(index, entry) for index, entry in enumerate(vectors)]
    frame = pl.DataFrame(
        {
            "index": range(len(read)),
            "platform": [one.platform for one in read],
            "text": [one.text for one in read],
            "expected": [one.digest for one in read],
        },
        schema={"index": pl.Int64, "platform": pl.String, "text": pl.String, "expected": pl.String},
    )
    known = frame.filter(pl.col("platform").is_in(sorted(NORMALISED_PLATFORMS)))
    differing: list[int] = []
    for platform in NORMALISED_PLATFORMS:
        ours = platform_digest(pl.col("text"), platform).bin.encode("hex")
        wrong = known.filter(pl.col("platform") == platform).filter(ours.ne_missing(pl.col("expected")))
        differing += wrong["index"].to_list()
    return Judgement(
        match=known.height - len(differing),
        differ=len(differing),
        unsupported=frame.height - known.height,
        differing_indexes=tuple(sorted(differing)),
    )


def _read(file: Path) -> list[object]:
    fault = ""
    try:
        content: object = json.loads(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        fault = "the file is not UTF-8"
    except json.JSONDecodeError as error:
        fault = f"the file is not JSON: line {error.lineno}, column {error.colno}"
    except (RecursionError, ValueError, OSError) as error:
        fault = f"the file cannot be read ({type(error).__name__})"
    if not fault and isinstance(content, list):
        return content
    raise ListRefused(what=fault or "the file is not a JSON list", do=_DO, place=file.name)


def _vector(index: int, entry: object) -> _Vector:
    """Check one entry. ``input`` may be null: nobody's address, which must be refused.

    Raises:
        ListRefused: a field is missing or of another kind.
    """
    fields: dict[str, Any] = entry if isinstance(entry, dict) else {}
    platform, digest = fields.get("platform"), fields.get("sha256")
    text = fields.get("input")
    fault = ""
    if not isinstance(entry, dict):
        fault = "not an object"
    elif missing := [name for name in ("platform", "input", "sha256") if name not in fields]:
        fault = f"no {' and no '.join(missing)}"
    elif not isinstance(platform, str):
        fault = "platform is not text"
    elif not isinstance(text, str | None):
        fault = "input is neither text nor null"
    elif not (digest is None or (isinstance(digest, str) and _HEX.match(digest.lower()))):
        fault = "sha256 is neither 64 hex digits nor null"
    if fault:
        raise ListRefused(what=f"this vector has a fault: {fault}", do=_DO, place=f"index {index}")
    return _Vector(
        str(platform).strip().casefold(),
        _encodable(text),
        digest.lower() if isinstance(digest, str) else None,
    )


def _encodable(text: str | None) -> str | None:
    """Text that has UTF-8 bytes; half a surrogate pair has none, so that nothing can be hashed and it is refused."""
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        return None
    return text
