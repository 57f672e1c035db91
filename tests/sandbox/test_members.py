"""The fast way through a body gives what the slow way gives, or nothing."""

from __future__ import annotations

import json
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from sandbox.members import Members, cut, digest_of
from tests.sandbox.platforms import hexes

OPENING: Final = b'"data":['


def body(texts: list[str]) -> bytes:
    return json.dumps({"payload": {"data": texts, "schema": "x"}}, separators=(",", ":")).encode()


@given(st.integers(1, 40))
def test_rows_of_one_shape_come_out_in_their_order(count: int) -> None:
    found = cut(body(hexes(count)), opening=OPENING, before=b'"', after=b'"')
    assert found is not None
    assert [digest.hex() for digest in found.digests] == hexes(count)
    assert json.loads(found.skeleton) == {"payload": {"data": [], "schema": "x"}}


@given(st.integers(1, 20), st.data())
def test_one_other_byte_in_a_row_leaves_the_body_to_the_slow_way(count: int, data: st.DataObject) -> None:
    whole = body(hexes(count))
    start = whole.index(OPENING) + len(OPENING)
    at = data.draw(st.integers(start, start + count * 67 - 2))
    # A bracket in the place of a comma ends the rows: what is left then is no JSON, and refused as that.
    signs = b'GX",{ \xff' if (at - start) % 67 == 66 else b'GX"],{ \xff'
    other = data.draw(st.sampled_from(signs).filter(lambda byte: byte != whole[at]))
    assert (
        cut(whole[:at] + bytes([other]) + whole[at + 1 :], opening=OPENING, before=b'"', after=b'"') is None
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_left_alone(tail: bytes) -> None:
    cut(OPENING + tail, opening=OPENING, before=b'"', after=b'"')
    cut(tail, opening=OPENING, before=b'"', after=b'"')


def test_an_empty_list_and_a_list_with_a_trailing_comma_are_left_alone() -> None:
    trailing = body(hexes(2)).replace(b"]", b",]")
    for whole in (body([]), trailing, body(hexes(2))[: -len(b'],"schema":"x"}}')]):
        assert cut(whole, opening=OPENING, before=b'"', after=b'"') is None


def test_only_64_lower_case_hex_digits_are_a_digest() -> None:
    good = hexes(1)[0]
    bad = [good[:-1], good + "0", good.upper(), good[:-1] + " ", good[:-1] + "g", "٣" * 64, ""]
    assert digest_of(good) == bytes.fromhex(good)
    assert [digest_of(text) for text in bad] == [None] * len(bad)


def test_membership_is_a_set() -> None:
    members, digests = Members(), [bytes.fromhex(text) for text in hexes(3)]
    for _ in range(2):
        members.add("google", "1", digests)
    members.remove("google", "1", digests[:1])
    members.remove("google", "1", digests[:1])
    members.remove("meta", "1", digests)
    assert members.of("google", "1") == frozenset(hexes(2, start=1))
    assert members.of("meta", "1") == members.of("meta", "2") == frozenset()
    assert members.sizes() == {"google": {"1": 2}, "meta": {"1": 0}}
