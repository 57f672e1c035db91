"""How people and programs write an address, and what else stands in such cells (sources.md 9)."""

from __future__ import annotations

import hashlib
from random import Random
from typing import Final

from tests.properties.oracle.addresses import GMAIL, forms
from tests.properties.oracle.world import Cell

# What stands around one and the same exact address.
SAME: Final = (
    "{0}", "{0}", "{0}", " {0} ", "\u00a0{0}", "\u200b{0}", "mailto:{0}", "<{0}>", "An Peeters <{0}>", "'{0}'",
    '="{0}"', "{0};", "{0}.", "MAILTO:{0}?subject=x",
)  # fmt: skip
UNCLEAR: Final = (
    "{0}; {1}", "{0} / {1}", "{0},{1}", "{0} en {1}", "{0} (oud)", "{0} - UITGESCHREVEN", "{0} (overleden)",
    "NE PLUS CONTACTER {0}",
)  # fmt: skip
NOTHING: Final = (None, "", "   ", "n/a", "NVT", "-", "?", "onbekend", "geen", "Jan Peeters")
MAILBOXES: Final = (*GMAIL, "post.example", "post.example", "mail.example")


def addresses(random: Random, count: int) -> list[str]:
    """Addresses of as many people, all different in their widest form; those of the first few are faulty."""
    made = [f"p{number}.naam@{random.choice(MAILBOXES)}" for number in range(count)]
    odd = [
        "info@post.example",
        "noreply@post.example",
        "privacy@mail.example",
        f"verkoop@{random.choice(GMAIL)}",
    ]
    odd += [
        f"onbekend@{random.choice(MAILBOXES)}",
        "p5@geheim.test",
        "p6@fonds.example",
        "p7@gmial.com",
        "p8@telnet.be",
    ]
    made[: len(odd)] = odd
    return made


def spelled(random: Random, address: str) -> str:
    """The same address in another exact form: dots and the other mailbox where they do not matter, tags anywhere."""
    local, _, domain = address.partition("@")
    if domain in GMAIL:
        if random.random() < 0.5:
            local = local.replace(".", "")
        if random.random() < 0.3:
            local = f"{local[0]}.{local[1:]}"
        domain = random.choice(GMAIL)
    tag = random.choice(("", "", "+nieuws", "+a.b"))
    return f"{local}{tag}@{domain}"


def written(random: Random, address: str) -> str:
    """An exact form as it stands in a cell: capitals, wrappings, characters that nobody sees."""
    text = random.choice((address, address, address.upper(), address.title()))
    return random.choice(SAME).format(text)


def torn(random: Random, address: str) -> str:
    """An address that a reader could guess at, and that nobody may guess at for an audience."""
    local, _, domain = address.partition("@")
    return random.choice(
        (
            f"{local}(at){domain}",
            f"{local} @ {domain}",
            f"{local}..x@{domain}",
            f".{local}@{domain}",
            f"{local}@{domain.partition('.')[0]}",
            f"{local}\uff20{domain}",
            f"{'x' * 65}{local}@{domain}",
        )
    )


def unclear(random: Random, one: str, other: str) -> str:
    """A cell that names an address and does not give it."""
    return random.choice(UNCLEAR).format(one, other)


def cell(random: Random, one: str, other: str) -> Cell:
    """Any cell about an address."""
    kind = random.random()
    if kind < 0.8:
        return written(random, one)
    if kind < 0.86:
        return written(random, spelled(random, one))
    if kind < 0.91:
        return unclear(random, one, other)
    if kind < 0.94:
        return torn(random, one)
    if kind < 0.97:
        return random.choice(NOTHING)
    return random.choice((hashed(random, one), hashed(random, one)[:32], f"{'A' * 43}="))


def hashed(random: Random, address: str) -> str:
    """SHA-256 of one of the forms of an address, as lists deliver it."""
    made = hashlib.sha256(random.choice(sorted(forms(address))).encode()).hexdigest()
    return random.choice(("{}", "{}", "0x{}", '"{}"', " {} ")).format(random.choice((made, made.upper())))
