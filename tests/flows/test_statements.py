"""Consent of other systems, and objections, all the way into the registers."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml

import flows.statements
from domain.errors import ListRefused, RunBlocked
from flows.line import scope_names
from flows.statements import take_consents, take_objections
from flows.wiring import Site
from sandbox.people.tables import Answer, Row, write_current
from tests.flows.stage import Stage
from transforms.contracts import BUCKETS
from transforms.objections import OBJECTION_COLUMNS

ADDRESS = "an.peeters@post.example"
ADS = "0b0f9a0e-1111-4f6e-9d1a-000000000001"
SCOPE = ("controller", "purpose", "recipient")
FUND = [("fund", "ad_platform_match", "google_ireland"), ("fund", "ad_platform_match", "meta_ireland")]


def declared(stage: Stage, name: str, **settings: object) -> Path:
    """Declare a feed of consent; gives its folder."""
    folder = stage.home / "inbox" / name
    folder.mkdir()
    whole = {"author": "data_team", "location": f"inbox/{name}", "pattern": "*.csv", **settings}
    (stage.config / "consents" / f"{name}.yaml").write_text(yaml.safe_dump(whole), "utf-8")
    return folder


def written(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def said(here: Site) -> pl.DataFrame:
    """Everything in the consent register."""
    state = here.consent.state()
    return pl.concat(here.consent.bucket(bucket, state) for bucket in range(BUCKETS))


def entries(here: Site) -> pl.DataFrame:
    """Everything about addresses in the suppression register."""
    state = here.suppression.state()
    return pl.concat(here.suppression.bucket(bucket, state) for bucket in range(BUCKETS))


FORM = {
    "kind": "csv",
    "columns": {
        "event_id": "Nummer",
        "email": "E-mail",
        "status": "Akkoord",
        "occurred_at": "Tijdstip",
        "evidence_ref": "Bewijs",
        "locale": "Taal",
    },
    "constants": {
        "controller": "fund",
        "purpose": "ad_platform_match",
        "recipient": "google_ireland",
        "channel": "web_form",
        "wording_digest": "w-2026-01",
        "notice_version": "2026-01",
        "method": "checkbox_ticked",
    },
    "words": {"granted": ["Ja", "Oui"], "withdrawn": ["Nee", "Non"]},
}


def form(number: int, **changed: str) -> dict[str, str]:
    """A line of the web form's export; everybody else than the first says yes."""
    line = {"Nummer": f"f-{number}", "E-mail": f"p{number}@post.example", "Akkoord": "Ja"}
    return {**line, "Tijdstip": "2026-03-01T10:00:00Z", "Taal": "nl-BE", "Bewijs": f"b-{number}", **changed}


def test_r_005_a_web_form_becomes_consent_with_its_proof(stage: Stage) -> None:
    folder = declared(stage, "form", **FORM)
    lines = [form(1, Akkoord="NEE "), form(2), form(3, Tijdstip="01/03/2026 10:00")]
    written(folder / "form.csv", lines)
    here = stage.site()
    take_consents(here, "form")
    made = said(here)
    assert made.select("granted", "proven", *SCOPE).sort("granted", "proven").rows() == [
        (False, True, *FUND[0]),
        # A moment that nobody can read is no proof of when.
        (True, True, *FUND[0]),
        (True, True, *FUND[0]),
    ]
    assert made.filter("granted")["occurred_at"].null_count() == 1


def test_r_007_words_that_nobody_mapped_refuse_the_file(stage: Stage) -> None:
    folder = declared(stage, "form", **FORM)
    written(
        folder / "form.csv", [form(number, Akkoord="Ja" if number else "misschien") for number in range(900)]
    )
    here = stage.site()
    with pytest.raises(ListRefused, match="R-007") as caught:
        take_consents(here, "form")
    assert "misschien" not in str(caught.value)
    assert said(here).is_empty()


def test_r_004_a_table_of_dynamics_becomes_one_consent_a_recipient(stage: Stage) -> None:
    purpose = {
        "id": ADS,
        "controller": "fund",
        "purpose": "ad_platform_match",
        "recipients": ["google_ireland", "meta_ireland"],
        "notice_version": "2026-01",
        "wording": "Ja, vergelijk mijn adres.",
        "locale": "nl",
    }
    folder = declared(
        stage,
        "journeys",
        kind="dynamics",
        table="msdynmkt_contactpointconsent4",
        purposes=[purpose],
        sources={"534120005": {"channel": "web_form", "method": "checkbox_ticked"}},
    )
    here = stage.site()
    at = here.now() - timedelta(days=30)
    rows = [
        Row(email=ADDRESS, answer=Answer.OPTED_IN, modified_at=at, purpose_id=ADS),
        Row(email="bo@post.example", answer=Answer.OPTED_OUT, modified_at=at, purpose_id=ADS),
        Row(email="ch@post.example", answer=Answer.NOT_SET, modified_at=at, purpose_id=ADS),
    ]
    write_current(folder / "table.csv", rows)
    take_consents(here, "journeys")
    made = said(here)
    assert made.filter("granted").select(SCOPE).sort(SCOPE).rows() == FUND
    assert made.filter("granted")["proven"].all()
    assert made.filter(~pl.col("granted")).select(SCOPE).sort(SCOPE).rows() == FUND
    assert made.height == 4


def objection(**changed: str) -> dict[str, str]:
    line = dict.fromkeys(OBJECTION_COLUMNS, "")
    return {**line, "email": ADDRESS, "kind": "objected", "occurred_at": "2026-03-01T10:00:00Z", **changed}


def test_r_021_every_channel_and_an_unmapped_kind_are_objections(stage: Stage) -> None:
    channels = [
        "unsubscribe_link",
        "crm",
        "dpo_mailbox",
        "web_form",
        "post",
        "phone",
        "complaint",
        "bounce",
        "api",
    ]
    lines = [objection(channel=one, email=f"{one}@post.example") for one in channels]
    lines.append(objection(kind="laat me met rust", channel="telex"))
    written(stage.home / "inbox" / "objections" / "o.csv", lines)
    here = stage.site()
    take_objections(here, "rights_desk")
    made = entries(here)
    assert set(made["channel"]) == {*channels, "other"}
    assert made["subject_key"].n_unique() == made.height == len(lines)
    assert made.select(SCOPE).null_count().row(0) == (made.height,) * 3


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"kind": "legal_hold"}, "hold_without_reference"),
        ({"kind": "restriction_lifted", "reference": "r-1"}, "lifting_without_notice"),
        ({"email": "niemand"}, "name no address"),
    ],
)
def test_r_028_a_line_without_its_other_half_refuses_the_file(
    stage: Stage, fault: dict[str, str], told: str
) -> None:
    written(stage.home / "inbox" / "objections" / "o.csv", [objection(), objection(**fault)])
    here = stage.site()
    with pytest.raises(ListRefused, match=told) as caught:
        take_objections(here, "rights_desk")
    assert "first ones: 3" in str(caught.value)
    assert ADDRESS not in str(caught.value)
    assert entries(here).is_empty()


def test_r_019_a_stale_feed_is_refused_with_file_line_and_rule(stage: Stage) -> None:
    folder = declared(stage, "form", **FORM, max_age_hours=1)
    written(folder / "form.csv", [form(1)])
    line = (stage.config / "consents" / "form.yaml").read_text("utf-8").splitlines().index(
        "max_age_hours: 1"
    ) + 1
    late = stage.site(timedelta(hours=2))
    with pytest.raises(RunBlocked, match="R-019") as caught:
        take_consents(late, "form")
    assert caught.value.place == f"consents/form.yaml:{line}"


def test_r_022_a_no_to_a_name_that_is_gone_becomes_a_no_to_everything(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(
        stage.home / "inbox" / "objections" / "o.csv",
        [objection(controller="fund", purpose="ad_platform_match", recipient="google_ireland")],
    )
    here = stage.site()
    take_objections(here, "rights_desk")
    assert entries(here)["recipient"].to_list() == ["google_ireland"]
    renamed = replace(scope_names(here), recipients=frozenset({"google_emea"}))
    monkeypatch.setattr(flows.statements, "scope_names", lambda _: renamed)
    assert take_objections(here, "rights_desk").changed
    assert entries(here)["recipient"].null_count() == 1
