"""No tracked text calls a hash what it is not, names a machine or a package host, or holds a real address."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from boundary.address import plain_addresses
from tests.architecture.source import ROOT, tracked
from transforms.vocabulary import PLACEHOLDERS, TYPO_DOMAINS, TYPO_ENDINGS

# uv writes it and its format holds the address of the index; docs/decisions/0003 says so.
WRITTEN_BY_UV = Path("uv.lock")

# R-100, in Dutch, French and English. Assembled, so that this file does not break the rule it guards.
WORD = re.compile("anon" + "(?:y|i)m|anon" + "ie?m", re.IGNORECASE)
# The rule's own statement: file to the number of lines that have to say the word in order to forbid it.
STATED = {Path("GLOSSARY.md"): 1, Path("CONTRIBUTING.md"): 1, Path("tests/architecture/test_words.py"): 0}

MACHINE = re.compile(r"(?<![\w.~/-])/(?:work|root|home|Users)/|[A-Z]:\\Users\\")
PACKAGE_HOST = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io|rubygems\.org|proxy\.golang\.org)\b"
)

# Invisible characters as code writes them: without them, `post.exam\u200bple` would end too early.
INVISIBLE = re.compile(r"\\u(?:200[b-f]|00ad|2060|feff)", re.IGNORECASE)
RESERVED = re.compile(
    r"(?:\A|\.)(?:example|test|invalid|local|localhost|xx|example\.(?:com|net|org))\Z", re.IGNORECASE
)
# The rules of these two mailboxes cannot be shown without their names, nor those about misspelt domains without them.
MAILBOXES = re.compile(r"(?:\A|\.)(?:gmail|googlemail)\.com\Z", re.IGNORECASE)
ABOUT_MAILBOXES = ("transforms/", "tests/", "benchmarks/", "sandbox/people", "docs/decisions/0005")


def is_harmless(name: Path, local: str, domain: str) -> bool:
    """Whether an address belongs to nobody: reserved, or one that the code itself refuses by name."""
    # A local part of one letter stands for any address, as in an explanation of what an address looks like.
    if len(local) == 1 or RESERVED.search(domain) or f"{local}@{domain}" in PLACEHOLDERS:
        return True
    about = name.as_posix().startswith(ABOUT_MAILBOXES)
    # What people type into a field that wants an address, and what they mistype.
    typed = f"{local}@{domain}" == "test@" + "test.com"
    misspelt = domain in TYPO_DOMAINS or domain.rsplit(".", 1)[1] in TYPO_ENDINGS
    return about and (typed or misspelt or bool(MAILBOXES.search(domain)))


def texts() -> list[tuple[Path, str]]:
    """Tracked files that are text, with their text."""
    found = []
    for name in tracked():
        try:
            found.append((name, (ROOT / name).read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def forbidden_words(name: Path, text: str) -> list[int]:
    lines = [at for at, line in enumerate(text.splitlines(), 1) if WORD.search(line)]
    return lines if len(lines) > STATED.get(name, 0) else []


def machine_paths(_name: Path, text: str) -> list[int]:
    return [at for at, line in enumerate(text.splitlines(), 1) if MACHINE.search(line)]


def package_hosts(_name: Path, text: str) -> list[int]:
    return [at for at, line in enumerate(text.splitlines(), 1) if PACKAGE_HOST.search(line)]


def foreign_addresses(name: Path, text: str) -> list[int]:
    """By the detector that also guards what leaves and hunts for leaks."""
    data = INVISIBLE.sub("", text).encode()
    found = []
    for span in plain_addresses(data):
        local = data[span.start : span.end].decode().casefold().rpartition("@")[0]
        if not is_harmless(name, local, span.domain.decode().casefold()):
            found.append(data.count(b"\n", 0, span.start) + 1)
    return found


@pytest.mark.parametrize("rule", [forbidden_words, machine_paths, package_hosts, foreign_addresses])
def test_no_tracked_text_breaks_the_rule(rule: Callable[[Path, str], list[int]]) -> None:
    """Places only: a failing test must not print the address that it found."""
    assert texts()
    found = [f"{name}:{at}" for name, text in texts() if name != WRITTEN_BY_UV for at in rule(name, text)]
    assert found == []


# Each planted text is put together here, so that it does not stand in this file.
PLANTED: list[tuple[Callable[[Path, str], list[int]], str]] = [
    *(
        (forbidden_words, "the " + stem + ending)
        for stem, ending in [
            ("anony", "mous hash"),
            ("ANONY", "MISED list"),
            ("anony", "mized"),
            ("anoni", "eme hash"),
            ("geanoni", "miseerd"),
            ("anony", "misée"),
            ("anony", "me"),
        ]
    ),
    *(
        (machine_paths, f"open {slash}{folder}/x")
        for slash in ("/",)
        for folder in ("work", "root", "home", "Users")
    ),
    (package_hosts, "https://py" + "pi.org/simple"),
    (package_hosts, "https://files.python" + "hosted.org/x"),
    (foreign_addresses, "write to els.peeters@" + "telenet.be"),
    (foreign_addresses, "mailto:els.peeters@" + "münchen.de"),
    (foreign_addresses, "els.peeters@" + "gmail.com"),
]


@pytest.mark.parametrize(("rule", "text"), PLANTED)
def test_a_planted_breach_is_found(rule: Callable[[Path, str], list[int]], text: str) -> None:
    assert rule(Path("README.md"), f"fine\n{text}\n") == [2]


@pytest.mark.parametrize(
    "text",
    [
        "els.peeters@mail.voorbeeld.example",
        "jo@münchen.test",
        "@pytest.fixture",
        "frame @ other.example",
        "/api/health and work/ and ~/x",
        "pseudonymised, still personal data",
    ],
)
def test_a_harmless_text_is_left_alone(text: str) -> None:
    for rule in (forbidden_words, machine_paths, package_hosts, foreign_addresses):
        assert rule(Path("README.md"), text) == []
