"""A personal value has no way to become text by accident (R-089, R-102)."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from boundary.plaintext import Plaintext

CANARY = "els.kanarie@voorbeeld.example"
VALUE = Plaintext(CANARY)


@pytest.mark.parametrize(
    "shown",
    [
        str(VALUE),
        repr(VALUE),
        f"{VALUE}",
        f"{VALUE!s:>40}",
        "{:40}".format(VALUE),  # noqa: UP032
        "%s %r" % (VALUE, VALUE),  # noqa: UP031
        repr([VALUE]),
        repr({"who": VALUE}),
    ],
)
def test_it_shows_nothing(shown: str) -> None:
    assert shown.count(CANARY) == 0
    assert "<plaintext>" in shown


@pytest.mark.parametrize(
    "use",
    [
        *(lambda protocol=protocol: pickle.dumps(VALUE, protocol) for protocol in range(6)),
        lambda: copy.copy(VALUE),
        lambda: copy.deepcopy([VALUE]),
        lambda: json.dumps({"who": VALUE}),
        lambda: VALUE + "",  # type: ignore[operator]
        lambda: "".join([VALUE]),  # type: ignore[list-item]
        lambda: vars(VALUE),
    ],
)
def test_it_cannot_be_copied_serialised_or_joined(use: Callable[[], object]) -> None:
    with pytest.raises(TypeError) as info:
        use()
    assert str(info.value).count(CANARY) == 0


def test_it_cannot_be_made_to_show_itself_by_a_subclass() -> None:
    assert getattr(Plaintext, "__final__", False)


def test_a_sealed_step_gets_the_value() -> None:
    assert VALUE.reveal().startswith("els.")
