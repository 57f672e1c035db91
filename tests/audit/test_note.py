from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.note import Signer, VerifierKey, from_base64, opened
from domain.errors import KeyUnavailable, LogBroken

# The example of golang.org/x/mod/sumdb/note, which defined the format.
EXAMPLE_SEED = from_base64("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
EXAMPLE_NOTE = (
    f"{EXAMPLE_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
).encode()

NAMES = st.text(st.characters(codec="ascii", exclude_characters="+", categories=("L", "N", "P")), min_size=1)
LINES = st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=20), min_size=1, max_size=4)
SEEDS = st.binary(min_size=32, max_size=32)


def test_the_published_example_is_signed_byte_for_byte() -> None:
    assert EXAMPLE_SEED is not None
    signer = Signer("PeterNeumann", EXAMPLE_SEED[1:])
    assert signer.key.to_text() == EXAMPLE_KEY
    assert signer.sign(EXAMPLE_TEXT) == EXAMPLE_NOTE


def test_the_published_example_verifies() -> None:
    assert opened(EXAMPLE_NOTE, VerifierKey.from_text(EXAMPLE_KEY)) == EXAMPLE_TEXT


@given(name=NAMES, seed=SEEDS, lines=LINES)
def test_a_signed_note_opens_to_its_text(name: str, seed: bytes, lines: list[str]) -> None:
    signer = Signer(name, seed)
    text = "\n".join(lines) + "\n"
    assert opened(signer.sign(text), signer.key) == text


@given(name=NAMES, key=SEEDS)
def test_a_verifier_key_is_read_back(name: str, key: bytes) -> None:
    found = VerifierKey(name, key)
    assert VerifierKey.from_text(found.to_text()) == found


@given(seed=SEEDS, at=st.integers(0), bit=st.integers(0, 7))
def test_no_bit_of_a_note_can_be_changed(seed: bytes, at: int, bit: int) -> None:
    signer = Signer("log.example", seed)
    note = bytearray(signer.sign("one\ntwo\n"))
    note[at % len(note)] ^= 1 << bit
    with pytest.raises(LogBroken):
        opened(bytes(note), signer.key)


def test_signatures_of_unknown_keys_are_passed_over() -> None:
    ours, witness = Signer("log.example", bytes(32)), Signer("witness.example", bytes([1]) * 32)
    both = ours.sign("text\n") + witness.sign("text\n").split(b"\n\n")[1]
    assert opened(both, ours.key) == opened(both, witness.key) == "text\n"


def test_a_note_of_another_key_with_the_same_name_is_refused() -> None:
    theirs = Signer("log.example", bytes([1]) * 32)
    with pytest.raises(LogBroken, match="not signed by the expected key"):
        opened(Signer("log.example", bytes(32)).sign("text\n"), theirs.key)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 log.example AAAA\n",
        b"text\n\n- log.example AAAAAAAAAAAA\n",
        b"text\n\n\xe2\x80\x94 log.example AAAAAAAAAAAA",
        b"te\rxt\n\n\xe2\x80\x94 log.example AAAAAAAAAAAA\n",
        b"\xff\n\n\xe2\x80\x94 log.example AAAAAAAAAAAA\n",
        b"text\n\n" + b"\xe2\x80\x94 log.example AAAAAAAAAAAA\n" * 17,
    ],
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    with pytest.raises(LogBroken):
        opened(note, Signer("log.example", bytes(32)).key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log.example",
        "log.example+00000000+AAAA",
        EXAMPLE_KEY.replace("PeterNeumann", "PeterNewmann"),
        EXAMPLE_KEY.replace("c74f20a3", "C74F20A3"),
        EXAMPLE_KEY.replace("+AR", "+Ag"),
        f"{EXAMPLE_KEY}\n",
        f" {EXAMPLE_KEY}",
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(LogBroken):
        VerifierKey.from_text(text)


@pytest.mark.parametrize("text", ["AAA", "AA==\n", "AB==", "A A A A", "€", "AAAA===="])
def test_base64_has_one_form(text: str) -> None:
    assert from_base64(text) is None


@pytest.mark.parametrize("text", ["", "no end of line", "tab\there\n", "carriage\r\n"])
def test_only_lines_of_text_are_signed(text: str) -> None:
    with pytest.raises(ValueError, match="a note is lines of text"):
        Signer("log.example", bytes(32)).sign(text)


def test_a_key_that_is_no_seed_is_refused() -> None:
    with pytest.raises(KeyUnavailable):
        Signer("log.example", bytes(31))


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "thin\u2009space"])
def test_a_key_name_has_no_spaces_or_plus_signs(name: str) -> None:
    with pytest.raises(ValueError, match="a verifier key"):
        Signer(name, bytes(32))


def test_a_signing_key_cannot_be_shown_or_pickled() -> None:
    signer = Signer("log.example", bytes(range(32)))
    assert f"{signer!r} {signer}" == "<signer> <signer>"
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(signer)
