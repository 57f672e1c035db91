"""The register of requests: due days, extensions, refusals with reasons, and nothing about whom."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.organisation import load
from domain.data_set import Anchor, DataSet
from domain.errors import ConfigurationRefused, RightsRefused
from domain.months import due_on
from domain.request import Act, Extension, ExtensionReason, RefusalReason, Request, State
from flows.rights.access import access
from flows.rights.refusal import refusal_letter
from flows.rights.register import Requests
from flows.rights.words import Language
from flows.wiring import Site
from storage.files import from_bytes
from tests.architecture.source import modules
from tests.flows.office import Office, office

TICKET, DESK = "R-2026-030", "rights_desk"
ADDRESS = "els.peeters@voorbeeld.example"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return office(tmp_path, monkeypatch)


def after(here: Site, days: int) -> Site:
    at = here.now
    return replace(here, now=lambda: at() + timedelta(days=days))


def answered(here: Site, ticket: str = TICKET) -> None:
    access(here, from_bytes(ADDRESS.encode()), ticket=ticket, by=DESK, verified=True)


def acts(here: Site) -> list[tuple[object, object]]:
    return [
        (entry.fields["act"], entry.fields["state"])
        for _, entry in here.ledger.entries()
        if entry.kind == "rights"
    ]


def test_r_125_a_request_is_due_a_month_after_its_receipt(desk: Office) -> None:
    here = desk.site()
    register = Requests(here)
    today = register.today("fund")
    made = register.received(TICKET, Act.ACCESS, by=DESK, controller="fund")
    assert (made.received_on, made.due_on) == (today, due_on(today, 1))
    assert register.require(TICKET) == made
    with pytest.raises(RightsRefused, match="already"):
        register.received(TICKET, Act.ACCESS, by=DESK)
    with pytest.raises(RightsRefused, match="future"):
        register.received("R-2", Act.ACCESS, by=DESK, received_on=today + timedelta(days=1))
    with pytest.raises(RightsRefused, match="no controller"):
        register.received("R-2", Act.ACCESS, by=DESK, controller="elsewhere")
    assert acts(here) == [("access", "received")]


def test_r_125_overdue_requests_come_first_and_ended_ones_last(desk: Office) -> None:
    register = Requests(desk.site())
    today = register.today(None)
    for ticket, act, days in [
        ("R-1", Act.ACCESS, 0),
        ("R-2", Act.ACCESS, 60),
        ("R-3", Act.OBJECTION, 1),
        ("R-4", Act.ACCESS, 90),
    ]:
        register.received(ticket, act, by=DESK, received_on=today - timedelta(days=days))
    register.closed("R-4", by=DESK)
    found = register.every()
    assert [one.ticket for one in found] == ["R-2", "R-3", "R-1", "R-4"]
    assert [one.is_overdue(today=today) for one in found] == [True, True, False, False]


def test_r_125_more_time_needs_a_reason_and_a_notice_within_the_month(desk: Office) -> None:
    here = desk.site()
    register = Requests(here)
    made = register.received(TICKET, Act.ACCESS, by=DESK)
    given = Extension(reason=ExtensionReason.COMPLEX, months=2, told_on=made.received_on)
    assert register.extended(TICKET, given, by=DESK).due_on == due_on(made.received_on, 3)
    register.received("R-2", Act.ACCESS, by=DESK)
    late = replace(given, told_on=made.due_on + timedelta(days=1))
    with pytest.raises(RightsRefused, match="first month"):
        Requests(after(here, 40)).extended("R-2", late, by=DESK)
    assert acts(here)[-1] == ("access", "received")


def test_r_130_closing_as_refused_needs_reason_authority_and_court(desk: Office) -> None:
    here = desk.site()
    register = Requests(here)
    register.received(TICKET, Act.ERASURE, by=DESK)
    with pytest.raises(RightsRefused, match="names no controller"):
        register.closed(TICKET, by=DESK, refused=RefusalReason.EXCESSIVE)
    assert register.require(TICKET).state is State.OPEN
    for ticket, controller, court in (
        ("R-1", "fund", "first instance"),
        ("R-2", "health_shop", "tribunal judiciaire"),
    ):
        register.received(ticket, Act.ERASURE, by=DESK, controller=controller)
        done = register.closed(ticket, by=DESK, refused=RefusalReason.LEGAL_CLAIMS)
        settings = here.org.controllers[controller]
        letter = "\n".join(refusal_letter(here, done, Language.EN))
        for told in (
            settings.authority.name,
            settings.authority.url,
            court,
            "legal claim",
            settings.dpo.mailbox,
        ):
            assert told in letter
    assert acts(here)[-1] == ("erasure", "refused")
    with pytest.raises(RightsRefused):
        refusal_letter(here, register.require(TICKET), Language.NL)


def test_r_139_only_the_desk_and_the_dpo_keep_the_register(desk: Office) -> None:
    register = Requests(desk.site())
    register.received(TICKET, Act.ACCESS, by=DESK, controller="fund")
    given = Extension(reason=ExtensionReason.COMPLEX, months=1, told_on=register.today(None))
    for by in ("marketing_desk", "data_team", "", "nobody"):
        with pytest.raises(RightsRefused, match=r"role dpo or rights|no actor of that name"):
            register.received("R-2", Act.ACCESS, by=by)
        with pytest.raises(RightsRefused, match=r"role dpo or rights|no actor of that name"):
            register.extended(TICKET, given, by=by)
        with pytest.raises(RightsRefused, match=r"role dpo or rights|no actor of that name"):
            register.closed(TICKET, by=by)
    assert register.closed(TICKET, by="dpo_office").state is State.CLOSED


def test_r_058_a_reference_to_the_person_goes_when_its_time_is_over(desk: Office) -> None:
    here = desk.site()
    answered(here)
    register = Requests(here)
    assert register.require(TICKET).reference
    assert register.expired() == []
    register.closed(TICKET, by=DESK)
    months = min(
        one.period_months or 0
        for one in here.org.data_classes.values()
        if one.anchor is Anchor.REQUEST_CLOSED
    )
    gone_on = due_on(register.today(None), months)
    left = (gone_on - register.today(None)).days
    assert Requests(after(here, left - 1)).expired() == []
    later = Requests(after(here, left))
    assert later.expired() == [TICKET]
    later.forget(TICKET)
    assert later.expired() == []
    kept = later.require(TICKET)
    assert (kept.reference, kept.state) == (None, State.CLOSED)


def test_r_058_a_request_that_is_open_keeps_its_reference(desk: Office) -> None:
    here = desk.site()
    answered(here)
    assert Requests(after(here, 4_000)).expired() == []


def test_r_123_r_131_a_request_holds_names_and_days_alone(desk: Office) -> None:
    here = desk.site()
    answered(here)
    document = json.loads(here.store.read(f"requests/{TICKET}.json"))
    assert set(document) == set(Request.__dataclass_fields__)
    assert set(document.pop("reference")) <= set("0123456789abcdef")
    text = json.dumps(document)
    assert "@" not in text
    assert "peeters" not in text


def test_r_131_no_audience_reads_requests(desk: Office) -> None:
    """Requests are no source, and no data set of any source; nothing but the rights desk opens their files."""
    audience = "audiences/travel_customers.yaml"
    for source in ("rights_request", "requests"):
        desk.write(audience, desk.text(audience).replace("source: dynamics_contacts", f"source: {source}"))
        with pytest.raises(ConfigurationRefused):
            load(desk.config)
        desk.write(audience, desk.text(audience).replace(f"source: {source}", "source: dynamics_contacts"))
    load(desk.config)
    classes = load(desk.config).data_classes
    assert classes["rights_identity"].data_sets == ()
    assert not [one for one in DataSet if "request" in one or "rights" in one]
    readers = {
        module.dotted
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("requests/")
    }
    assert readers == {"flows.rights.register"}


def test_r_058_a_ticket_that_is_closed_answers_no_more(desk: Office) -> None:
    here = desk.site()
    answered(here)
    Requests(here).closed(TICKET, by=DESK)
    with pytest.raises(RightsRefused, match="closed"):
        answered(here)
    Requests(here).received("R-2", Act.PORTABILITY, by=DESK)
    with pytest.raises(RightsRefused, match="another request"):
        answered(here, "R-2")


def test_r_125_a_request_that_was_registered_keeps_its_day(desk: Office) -> None:
    here = desk.site()
    register = Requests(here)
    received = register.today(None) - timedelta(days=20)
    register.received(TICKET, Act.ACCESS, by=DESK, received_on=received)
    answered(here)
    kept = register.require(TICKET)
    assert (kept.received_on, kept.state) == (received, State.ANSWERED)
    assert isinstance(kept.answered_on, date)
