"""An incident blocks its destination until the DPO has judged it, and no file that is gone forgets it (R-150)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from audit.entry import Entry
from domain.errors import IncidentOpen, LogUnavailable, StorageFailed
from flows.approval import approve_all
from flows.incidents import (
    CLOCK,
    Incident,
    Verdict,
    blocking_incident,
    close_incident,
    incidents,
    open_incident,
    open_incidents,
)
from flows.wiring import Site
from tests.flows.office import DPO, MARKETING, Office, office

RUN = "20261125T060000Z-00000000"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return office(tmp_path, monkeypatch)


def opened(here: Site, destination: str = "google_ads", code: str = "CANARY_IN_PAYLOAD") -> Incident:
    return open_incident(
        here, code=code, destination=destination, audience="travel_customers", run=RUN, counts={"canaries": 1}
    )


def logged(here: Site) -> list[Entry]:
    return [entry for _, entry in here.ledger.entries() if entry.kind == "incident"]


def test_r_150_an_open_incident_blocks_its_destination_and_no_other(desk: Office) -> None:
    here = desk.site()
    assert blocking_incident(here, "google_ads") == ""
    one = opened(here)
    assert blocking_incident(desk.site(), "google_ads") == one.name
    assert blocking_incident(desk.site(), "meta_ads") == ""


def test_r_150_it_has_a_clock_of_72_hours(desk: Office) -> None:
    one = opened(desk.site())
    assert one.due_at - one.opened_at == CLOCK == timedelta(hours=72)
    assert not one.is_overdue(now=one.due_at)
    assert one.is_overdue(now=one.due_at + timedelta(seconds=1))
    assert not replace(one, verdict=Verdict.FALSE_ALARM).is_overdue(now=one.due_at + CLOCK)


def test_r_150_opening_and_closing_are_in_the_audit_log(desk: Office) -> None:
    here = desk.site()
    one = opened(here)
    close_incident(here, one.name, by=DPO, verdict=Verdict.NO_NOTIFICATION)
    told = [
        (entry.fields["incident"], entry.fields["state"], entry.fields["by"], entry.fields["verdict"])
        for entry in logged(here)
    ]
    assert told == [(one.name, "opened", None, None), (one.name, "closed", DPO, "no_notification")]
    assert blocking_incident(desk.site(), "google_ads") == ""
    (closed,) = incidents(desk.site())
    assert (closed.closed_by, closed.verdict) == (DPO, Verdict.NO_NOTIFICATION)


def test_r_150_only_the_dpo_closes_it(desk: Office) -> None:
    one = opened(desk.site())
    for actor in (MARKETING, "somebody", ""):
        with pytest.raises(IncidentOpen) as caught:
            close_incident(desk.site(), one.name, by=actor, verdict=Verdict.FALSE_ALARM)
        assert DPO in caught.value.do
        assert "somebody" not in str(caught.value)
    with pytest.raises(IncidentOpen):
        close_incident(desk.site(), "20261125T060000Z-ffffffff", by=DPO, verdict=Verdict.FALSE_ALARM)
    assert blocking_incident(desk.site(), "google_ads") == one.name
    assert len(logged(desk.site())) == 1


def test_r_150_the_same_finding_is_one_incident_until_it_is_closed(desk: Office) -> None:
    here = desk.site()
    one = opened(here)
    assert opened(here).name == one.name
    assert opened(here, code="SUPPRESSED_IN_PAYLOAD").name != one.name
    assert opened(here, destination="meta_ads").name != one.name
    close_incident(here, one.name, by=DPO, verdict=Verdict.FALSE_ALARM)
    assert opened(here).name != one.name
    assert len(open_incidents(here)) == 3


def test_closing_twice_is_once(desk: Office) -> None:
    here = desk.site()
    one = opened(here)
    first = close_incident(here, one.name, by=DPO, verdict=Verdict.NOTIFIED)
    assert close_incident(here, one.name, by=DPO, verdict=Verdict.FALSE_ALARM) == first
    assert len(logged(here)) == 2


def test_r_056_an_older_copy_of_the_store_forgets_no_incident(desk: Office) -> None:
    here = desk.site()
    one = opened(here)
    here.store.delete(f"incidents/{one.name}.json")
    assert blocking_incident(desk.site(), "google_ads") == one.name
    close_incident(here, one.name, by=DPO, verdict=Verdict.FALSE_ALARM)
    assert blocking_incident(desk.site(), "google_ads") == ""


def test_r_150_a_file_that_says_closed_closes_nothing_without_the_log(desk: Office) -> None:
    here = desk.site()
    one = opened(here)
    file = f"incidents/{one.name}.json"
    text = here.store.read(file)
    here.store.write(file, text.replace(b'"verdict":null', b'"verdict":"false_alarm"'))
    assert here.store.read(file) != text
    assert blocking_incident(desk.site(), "google_ads") == one.name


def test_r_104_what_the_log_did_not_take_blocks_all_the_same_and_is_entered_with_the_closing(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = desk.site()

    def down(_: Entry) -> None:
        raise LogUnavailable(what="the disk is full", do="Make room")

    with monkeypatch.context() as patched:
        patched.setattr(here.ledger, "append", down)
        with pytest.raises(LogUnavailable):
            opened(here)
    name = blocking_incident(desk.site(), "google_ads")
    assert name
    close_incident(desk.site(), name, by=DPO, verdict=Verdict.FALSE_ALARM)
    assert [entry.fields["state"] for entry in logged(desk.site())] == ["opened", "closed"]


def test_r_150_a_file_that_cannot_be_read_lets_nobody_in(desk: Office) -> None:
    here = desk.site()
    one = opened(here)
    here.store.write(f"incidents/{one.name}.json", b"{")
    with pytest.raises(StorageFailed):
        blocking_incident(desk.site(), "meta_ads")


def test_r_143_a_waiting_organisation_file_closes_no_incident(desk: Office) -> None:
    approve_all(desk.site(), by=DPO)
    made = opened(desk.site())
    file = "organisation.yaml"
    desk.write(file, desk.text(file).replace("[engineer]", "[engineer]\n  new_dpo: [dpo]"))
    with pytest.raises(IncidentOpen, match="has not the role dpo"):
        close_incident(desk.site(), made.name, by="new_dpo", verdict=Verdict.FALSE_ALARM)
    assert blocking_incident(desk.site(), "google_ads") == made.name
    close_incident(desk.site(), made.name, by=DPO, verdict=Verdict.FALSE_ALARM)
