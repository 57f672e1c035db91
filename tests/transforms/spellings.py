"""Spellings of one address: as people type it, as exports hold it, as lists are made of it."""

from __future__ import annotations

import hashlib
import itertools

# {n} makes every pair another person.
FAMILIES: dict[str, tuple[str, ...]] = {
    "everywhere": (
        "an.p{n}@post.example",
        "AN.P{n}@POST.EXAMPLE",
        " An.P{n}@Post.Example\u00a0",
        "an.p{n}+x@post.example",
        "an.p{n}+Y@post.example",
        "an.\u200bp{n}@post.example",
        "\ufeffan.p{n}@post.example",
        "an.p{n}@post.example.",
        "ａn.p{n}＠post.example",
        "An Peeters <an.p{n}@post.example>",
    ),
    "gmail": (
        "an.p{n}@gmail.com",
        "anp{n}@gmail.com",
        "a.n.p{n}@GoogleMail.com",
        "An.P{n}+x@gmail.com",
        "anp{n}+y@googlemail.com",
    ),
    "letters": (
        "an{n}@münchen.example",
        "An{n}@MÜNCHEN.example",
        "an{n}@xn--mnchen-3ya.example",
        "an{n}+x@xn--mnchen-3ya.example",
        "an{n}@mu\u0308nchen.example",
    ),
}

# What an export may hold and no platform is sent: it would have to be guessed at.
GUESSED = frozenset({"ａn.p{n}＠post.example", "an{n}@mu\u0308nchen.example"})

# What was exported, and of which texts a list of digests may have been made so that it still names this person.
PROMISED: dict[str, tuple[str, ...]] = {
    "an.p{n}@post.example": ("an.p{n}@post.example", "AN.P{n}@POST.EXAMPLE", "an.p{n}@post.example\n"),
    " An.P{n}+X@Post.Example ": (
        "an.p{n}+x@post.example",
        "An.P{n}+X@Post.Example",
        "AN.P{n}+X@POST.EXAMPLE",
        "an.p{n}@post.example",
    ),
    "a.n.p{n}+x@gmail.com": tuple(
        f"{local}@{domain}"
        for local in ("a.n.p{n}+x", "a.n.p{n}", "anp{n}+x", "anp{n}")
        for domain in ("gmail.com", "googlemail.com")
    ),
    "anp{n}@googlemail.com": ("anp{n}@googlemail.com", "anp{n}@gmail.com"),
    "an{n}+x@münchen.example": (
        "an{n}+x@münchen.example",
        "an{n}@münchen.example",
        "an{n}+x@xn--mnchen-3ya.example",
        "an{n}@xn--mnchen-3ya.example",
    ),
}

# A digest of what the exported address does not hold: nobody can undo a digest, so nobody is found.
NOT_PROMISED: dict[str, tuple[str, ...]] = {
    "an.p{n}@post.example": ("an.p{n}+x@post.example", "An.P{n}@post.example", "salt:an.p{n}@post.example"),
    "anp{n}@gmail.com": ("an.p{n}@gmail.com", "anp{n}+x@gmail.com"),
}


def pairs() -> list[tuple[str, str]]:
    """Opted out as the first, exported as the second: every pair of every family."""
    return [pair for spellings in FAMILIES.values() for pair in itertools.product(spellings, spellings)]


def promised() -> list[tuple[str, str]]:
    """A digest of the first, exported as the second."""
    return [(text, exported) for exported, texts in PROMISED.items() for text in texts]


def digest(text: str, form: str) -> str:
    """What a list of that form holds for a text."""
    # Other people's lists are made of MD5; nothing is protected by it here.
    return hashlib.new(form, text.encode(), usedforsecurity=False).hexdigest()
