"""Only digests in their template may leave (R-103); the last look misses no byte."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundary.detect import address_offsets, inspected
from domain.audience import BodyTemplate
from domain.errors import GateRefused, PlaintextFound

META = BodyTemplate(
    head=b'{"payload":{"schema":"EMAIL_SHA256","data":[', before=b'"', after=b'"', separator=b",", tail=b"]}}"
)
GOOGLE = BodyTemplate(
    head=b'{"destinations":[{"productDestinationId":"1"}],"audienceMembers":[',
    before=b'{"userData":{"userIdentifiers":[{"emailAddress":"',
    after=b'"}]}}',
    separator=b",",
    tail=b'],"encoding":"HEX"}',
)
ADDRESS = b"els.peeters@voorbeeld.example"

templates = st.sampled_from([META, GOOGLE])
rows = st.lists(st.binary(min_size=32, max_size=32), max_size=6)


def body_of(template: BodyTemplate, digests: list[bytes]) -> bytes:
    texts = (template.before + digest.hex().encode() + template.after for digest in digests)
    return template.head + template.separator.join(texts) + template.tail


@given(templates, rows)
def test_what_went_into_the_template_comes_out(template: BodyTemplate, digests: list[bytes]) -> None:
    body = body_of(template, digests)
    json.loads(body)
    found = inspected(body, template)
    assert found.shape == (len(digests), 32)
    assert found.dtype == np.uint8
    assert found.tobytes() == b"".join(digests)


@given(templates, rows, st.data())
def test_a_change_of_any_byte_is_refused_or_is_another_digest(
    template: BodyTemplate, digests: list[bytes], data: st.DataObject
) -> None:
    body = bytearray(body_of(template, digests))
    at = data.draw(st.integers(0, len(body) - 1))
    was, body[at] = body[at], data.draw(st.integers(0, 255))
    try:
        found = inspected(bytes(body), template)
    except (GateRefused, PlaintextFound):
        return
    assert body_of(template, [row.tobytes() for row in found]) == bytes(body)
    assert body[at] == was or chr(body[at]) in "0123456789abcdef"


@given(templates, rows, st.data())
def test_a_missing_or_added_piece_is_refused(
    template: BodyTemplate, digests: list[bytes], data: st.DataObject
) -> None:
    body = body_of(template, digests)
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))
    changed = body[:start] + data.draw(st.binary(max_size=80)) + body[end:]
    try:
        found = inspected(changed, template)
    except (GateRefused, PlaintextFound):
        return
    assert body_of(template, [row.tobytes() for row in found]) == changed


@pytest.mark.parametrize(
    "digest",
    [
        "A" * 64,
        "0" * 63,
        "0" * 65,
        "0" * 63 + "\n",
        "0" * 63 + "g",
        "\uff10" * 64,
        "",
        "0" * 62 + "\\n",
    ],
)
@pytest.mark.parametrize("template", [META, GOOGLE])
def test_a_digest_is_64_lower_case_hex_characters(digest: str, template: BodyTemplate) -> None:
    body = template.head + template.before + digest.encode() + template.after + template.tail
    with pytest.raises(GateRefused):
        inspected(body, template)


def test_a_body_of_another_template_is_refused() -> None:
    with pytest.raises(GateRefused):
        inspected(body_of(META, [bytes(32)]), GOOGLE)
    with pytest.raises(GateRefused):
        inspected(b"", META)
    with pytest.raises(GateRefused):
        inspected(body_of(META, [bytes(32)]) + b"\n", META)


@pytest.mark.parametrize(
    "planted",
    [
        ADDRESS,
        ADDRESS.replace(b"@", "＠".encode()),
        ADDRESS.replace(b"@", b"%40"),
        ADDRESS.replace(b"@", b"\\u0040"),
        ADDRESS.ljust(64, b"0"),
    ],
)
@pytest.mark.parametrize("template", [META, GOOGLE])
def test_an_address_in_a_body_is_told_from_any_other_fault(planted: bytes, template: BodyTemplate) -> None:
    body = template.head + template.before + planted + template.after + template.tail
    with pytest.raises(PlaintextFound) as info:
        inspected(body, template)
    assert str(info.value).count("peeters") == 0


def test_an_address_in_the_template_itself_is_found() -> None:
    template = BodyTemplate(
        head=META.head + b'"', before=b"", after=b"", separator=b'","', tail=b'"],"by":"' + ADDRESS + b'"}'
    )
    with pytest.raises(PlaintextFound):
        inspected(body_of(template, [bytes(32)]), template)


def test_offsets_are_those_of_the_bytes_as_they_stand() -> None:
    data = b"to %6a%61n%40voorbeeld.example, " + ADDRESS + b" and jan\\u0040voorbeeld.test"
    assert address_offsets(data) == [3, 32, 66]
