"""Whoever opted out in one spelling and is exported in another is never a member, whatever the list is made of (R-038).

A list of digests names everybody whose exported address still holds what was hashed. A digest of a tag, of dots or of
capitals that the export does not have cannot be matched by anybody: tests/transforms/test_aliases.py holds that, and
docs/decisions/0021-lists-of-digests-and-domains.md says what follows from it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest

from flows.feeds import refresh
from flows.ingest import read_source
from sandbox.people.person import platform_hex
from storage.lists import from_bytes
from tests.flows.stage import Stage
from tests.flows.test_lists import declared
from tests.transforms.spellings import FAMILIES, GUESSED, digest, pairs, promised

# So many that the others are too few for a conflict of sources.
BYSTANDERS = 500
HEADERS = {
    "Contactpersoon": "",
    "E-mail": "",
    "E-mail niet toestaan": "Toestaan",
    "Bulk-e-mail niet toestaan": "Toestaan",
    "Marketingmateriaal verzenden": "Verzenden",
    "Status": "Actief",
    "Overleden": "",
    "Geboortedatum": "1980-02-29",
    "Rol contract": "Titularis",
    "Einde relatie": "",
    "Laatste contact": "",
    "Soort laatste contact": "",
    "Taal": "nl",
    "Regio": "flanders",
    "Klantstatus": "customer",
    "Productfamilie": "travel",
}
CONSENT = {
    "event_id": "",
    "email": "",
    "controller": "fund",
    "purpose": "ad_platform_match",
    "recipient": "",
    "status": "granted",
    "occurred_at": "",
    "received_at": "",
    "channel": "web_form",
    "wording_digest": "ab" * 32,
    "locale": "nl-BE",
    "notice_version": "2026-01",
    "method": "checkbox_ticked",
    "evidence_ref": "form-17",
}


def written(rows: Iterable[Mapping[str, str]]) -> bytes:
    """A CSV with a header."""
    every = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(every[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(every)
    return text.getvalue().encode()


def delivered(stage: Stage, exported: list[str], lists: Mapping[str, list[str]]) -> None:
    """Every feed arrives and is read: all of these people agreed, and some are on a list."""
    inbox, now = stage.home / "inbox", stage.site().now()
    at = f"{now - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
    consents = [
        {
            **CONSENT,
            "event_id": f"e-{number}-{to}",
            "email": text,
            "recipient": to,
            "occurred_at": at,
            "received_at": at,
        }
        for number, text in enumerate(exported)
        for to in ("google_ireland", "meta_ireland")
    ]
    (inbox / "consents" / "consents.csv").write_bytes(written(consents))
    (inbox / "objections" / "objections.csv").write_text("email\nnobody@post.example\n", "utf-8")
    for name, lines in lists.items():
        (inbox / name / "list.csv").write_bytes(written({"email": line} for line in lines))
    export = [
        {**HEADERS, "Contactpersoon": f"{number:032x}", "E-mail": text}
        for number, text in enumerate(exported)
    ]
    here = stage.site()
    read_source(here, "dynamics_contacts", from_bytes(written(export)))
    refresh(here)


@pytest.mark.parametrize("destination", ["google_ads", "meta_ads"])
def test_r_038_whoever_opted_out_in_any_spelling_is_never_a_member(stage: Stage, destination: str) -> None:
    stage.change("lists/partner_suppression.yaml", spelling="any")
    # Nobody was made up in this export.
    stage.change("sources/dynamics_contacts.yaml", canaries=[])
    declared(stage, "partner_md5", form="md5")
    stage.approve()
    hashed = [(form, text, held) for form in ("sha256", "md5") for text, held in promised()]
    plain = [(text.format(n=n), held.format(n=n)) for n, (text, held) in enumerate(pairs(), 1000)]
    digests = [
        (form, digest(text.format(n=n), form), held.format(n=n))
        for n, (form, text, held) in enumerate(hashed, 2000)
    ]
    # The same spellings of people who said nothing: only they may be in, and they have to be.
    free = [text.format(n=n) for n, text in enumerate(sum(FAMILIES.values(), ()), 3000)]
    bystanders = [f"bystander.{n}@post.example" for n in range(BYSTANDERS)]
    delivered(
        stage,
        [held for _, held in plain] + [held for *_, held in digests] + free + bystanders,
        {
            "optouts": [text for text, _ in plain],
            "partner": [line for form, line, _ in digests if form == "sha256"],
            "partner_md5": [line for form, line, _ in digests if form == "md5"],
        },
    )
    stage.sync(destination=destination)
    members = stage.members(destination=destination)
    platform = destination.removesuffix("_ads")
    assert {platform_hex(one, platform) for one in bystanders} <= members
    readable = [text for text in sum(FAMILIES.values(), ()) if text not in GUESSED]
    assert len(members) == BYSTANDERS + len(readable)
    opted_out = {platform_hex(held, platform) for _, held in plain} | {
        platform_hex(held, platform) for *_, held in digests
    }
    assert not members & opted_out
