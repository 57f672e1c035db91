"""The peers are called as their users call them: the digests are the right ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

from benchmarks.peers import PEERS, facebook_hex, facebook_multi_key_hex, google_hex, is_installed, sample
from sandbox.bulk import write_contacts
from sandbox.people.example import EXAMPLE

MIXED = " Ann.Lee+news@Gmail.com "


def test_googles_formatter_gives_googles_form() -> None:
    assert google_hex([MIXED]) == [hashlib.sha256(b"annlee@gmail.com").hexdigest()]


def test_googles_formatter_leaves_out_what_it_refuses() -> None:
    assert google_hex(["", "no address", "a@post.example"]) == [hashlib.sha256(b"a@post.example").hexdigest()]


def test_metas_formatter_gives_metas_form_with_one_key_and_with_several() -> None:
    digest = hashlib.sha256(b"ann.lee+news@gmail.com").hexdigest()
    assert facebook_hex([MIXED]) == [digest]
    assert facebook_multi_key_hex([MIXED]) == [digest]


def test_a_peer_that_is_not_installed_is_noticed() -> None:
    assert not is_installed("sluice_no_such_package.part")
    assert not is_installed("sluice_no_such_package")
    assert all(is_installed(module) for module, _ in PEERS.values())


def test_a_sample_is_the_first_cells_as_they_stand(tmp_path: Path) -> None:
    export = tmp_path / "contacts.csv"
    write_contacts(export, 300, setting=EXAMPLE)
    cells = sample(export, "E-mail", 250)
    assert len(cells) == 250
    assert sum("@" in cell for cell in cells) > 200
