"""Dirty e-mail cells: the forty kinds met in the field, as spellings of a synthetic address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What must become of a cell; EITHER where both answers can be defended, and then nothing may hang on it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Spelling:
    """A cell and the address it holds, as templates.

    ``{a}`` is a clean address, ``{A}`` the same in capitals, ``{l}`` and ``{d}`` its two sides, ``{n}`` the person's
    number, ``{own}`` a domain of the organisation itself. ``address`` is "" where the cell holds none that could
    ever be written into a form.
    """

    kind: int
    outcome: Outcome
    cell: str
    address: str = "{a}"


def _all(kind: int, outcome: Outcome, *cells: str, address: str | None = None) -> tuple[Spelling, ...]:
    """Spellings of one kind; without ``address`` the cell is its own address."""
    return tuple(Spelling(kind, outcome, cell, cell if address is None else address) for cell in cells)


_ACCEPTED, _REFUSED, _EITHER = Outcome.ACCEPTED, Outcome.REFUSED, Outcome.EITHER
_LONG: Final = "x" * 70
# In two parts, because their domains belong to somebody.
_DUMMIES: Final = (
    ("geen", "email.be"),
    ("no", "email.com"),
    ("none", "none.com"),
    ("xxx", "xxx.xx"),
    ("a", "a.aa"),
)

SPELLINGS: Final[tuple[Spelling, ...]] = (
    *_all(1, _ACCEPTED, "  {a}", "{A} ", "\t{a}\n", "{a}  ", address="{a}"),
    *_all(2, _ACCEPTED, "\u00a0{a}", "{a}\u202f", "{a}\u3000", "{a}\u00a0", address="{a}"),
    *_all(
        3,
        _ACCEPTED,
        "\u200b{a}",
        "{l}\u200d@{d}",
        "{a}\ufeff",
        "\u200e{a}\u200f",
        "{l}\u00ad@{d}",
        address="{a}",
    ),
    *_all(4, _ACCEPTED, "mailto:{a}", "MAILTO:{a}", "mailto:{a}?subject=info", address="{a}"),
    *_all(5, _ACCEPTED, "Jan <{a}>", '"Peeters, Jan" <{a}>', "<{a}>", address="{a}"),
    *_all(6, _ACCEPTED, "'{a}'", '"{a}"', '="{a}"', address="{a}"),
    *_all(7, _EITHER, "'{a}", address=""),
    *_all(8, _ACCEPTED, "{a},", "{a};", "{a}.", address="{a}"),
    *_all(9, _ACCEPTED, "o'{a}", "d'{a}"),
    *_all(10, _ACCEPTED, "{l}+nieuws@{d}", "{l}+2026@{d}"),
    *_all(
        11,
        _ACCEPTED,
        "synthetic.{n}.y@gmail.com",
        "syn.thetic.{n}.y+t@gmail.com",
        "synthetic.{n}.y@googlemail.com",
    ),
    *_all(12, _EITHER, "{l} @ {d}", "{l}@ {d}", address=""),
    *_all(
        13, _REFUSED, "{a}; b.{a}", "{a} / b.{a}", "{a},b.{a}", "{a} en b.{a}", "{a}\nb.{a}", address="{a}"
    ),
    *_all(14, _REFUSED, "", "   ", "\u00a0", address=""),
    *_all(
        15,
        _REFUSED,
        "N/A",
        "nvt",
        "n.v.t.",
        "geen",
        "aucun",
        "onbekend",
        "inconnu",
        "-",
        "?",
        "null",
        address="",
    ),
    *_all(15, _REFUSED, "None", "nan", "x", address=""),
    *_all(16, _REFUSED, *("@".join(sides) for sides in _DUMMIES), address=""),
    *_all(
        16, _REFUSED, "geenemail@{d}", "onbekend@{d}", "noemail@{d}", "pasdemail@{d}", "test@{d}", address=""
    ),
    *_all(17, _REFUSED, "{a}"),
    *_all(18, _EITHER, "q@p{n}.example", address=""),
    *_all(19, _REFUSED, "{l}@example.com", "{l}@example.org", "{l}@example.net", "{l}@pc.local"),
    # An organisation may read these two on a test site.
    *_all(19, _EITHER, "{l}@shop.test", "{a}.invalid", address=""),
    *_all(20, _REFUSED, "{l}@{own}"),
    *_all(
        21,
        _REFUSED,
        "info@p{n}.example",
        "admin@p{n}.example",
        "contact@p{n}.example",
        "noreply@p{n}.example",
    ),
    *_all(
        21,
        _REFUSED,
        "verkoop@p{n}.example",
        "compta@p{n}.example",
        "support@p{n}.example",
        "abuse@p{n}.example",
    ),
    *_all(22, _REFUSED, "{l}", address=""),
    *_all(22, _REFUSED, "{l}(at){d}", "{l}[at]{d}", address=""),
    *_all(23, _REFUSED, "{l}@@{d}", "{l}@{d}@{d}", address=""),
    *_all(24, _REFUSED, "{l}@gmail", "{l}@post", address=""),
    *_all(25, _REFUSED, "{l}@post.con", "{l}@post.cmo", "{l}@post.vom", "{l}@post.bee", "{l}@post.nll"),
    *_all(26, _REFUSED, *(f"synthetic.{{n}}.x@{typo}" for typo in ("gmial.com", "gmai.com", "hotmial.com"))),
    *_all(
        26, _REFUSED, *(f"synthetic.{{n}}.x@{typo}" for typo in ("hotnail.com", "yahooo.com", "telnet.be"))
    ),
    *_all(
        27,
        _REFUSED,
        "{l}@post,example",
        "{l}@post..example",
        "{l}@-post.example",
        "{l}@po_st.example",
        address="",
    ),
    *_all(27, _REFUSED, "{l}@postexample", address=""),
    *_all(28, _REFUSED, ".{a}", "{l}.@{d}", "a..{a}", address=""),
    *_all(29, _REFUSED, "jan {a}", "{l} peeters@{d}", address=""),
    *_all(30, _REFUSED, '"{l} b"@{d}', "{l}@[192.0.2.1]", address=""),
    *_all(31, _REFUSED, "josé.{a}", "d’hondt.{a}", "ﬁ.{a}", "аnna.{a}", address=""),
    *_all(32, _ACCEPTED, "{l}@xn--mnchen-3ya.example"),
    *_all(32, _EITHER, "{l}@münchen.example", address=""),
    *_all(33, _EITHER, "{l}＠{d}", "{l}@post。example", "ａ{a}", address=""),
    *_all(34, _REFUSED, "josÃ©.{a}", "ï»¿{a}", "{l}\ufffd@{d}", address=""),
    *_all(35, _REFUSED, "+32 2 555 01 00", "https://www.post.example/jan", "Jan Peeters", address=""),
    *_all(35, _EITHER, "e-mail: {a}", address=""),
    *_all(36, _REFUSED, "{n}" + "0" * 25, "{n}" + "a" * 33, "{n}" + "b" * 57, "{n}" + "C" * 57, address=""),
    *_all(37, _REFUSED, "#N/A", "#VALUE!", "#REF!", "#NAAM?", "#N/B", address=""),
    *_all(
        38,
        _REFUSED,
        "{a} - UITGESCHREVEN",
        "NE PLUS CONTACTER {a}",
        "{a} (oud)",
        "{a} (overleden)",
        address="{a}",
    ),
    *_all(39, _REFUSED, f"{_LONG}{{n}}@{{d}}", f"{{l}}@{'.'.join(['y' * 60] * 4)}.example", address=""),
    *_all(40, _REFUSED, "{a}"),
)

KINDS: Final = tuple(sorted({spelling.kind for spelling in SPELLINGS}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What stands in a cell, and the address it holds ("" for none)."""

    kind: int
    outcome: Outcome
    text: str
    address: str


def dirty(kind: int, turn: int, *, address: str, number: int, own_domain: str) -> Cell:
    """Spell a clean address in one of the ways of a kind; ``turn`` goes through them."""
    ways = [spelling for spelling in SPELLINGS if spelling.kind == kind]
    spelling = ways[turn % len(ways)]
    local, _, domain = address.partition("@")
    parts = {
        "a": address, "A": address.upper(), "l": local, "d": domain, "n": f"{number:07}", "own": own_domain,
    }  # fmt: skip
    return Cell(
        kind=kind,
        outcome=spelling.outcome,
        text=spelling.cell.format(**parts),
        address=spelling.address.format(**parts),
    )
