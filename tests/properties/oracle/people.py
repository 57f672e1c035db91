"""Random rows of an export: mostly a good one, with a fault or two, and some people on more rows than one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from tests.properties.oracle.cells import earlier
from tests.properties.oracle.ground import DAY, Ground, boundary_days
from tests.properties.oracle.spellings import cell, spelled, written
from tests.properties.oracle.world import Cell, Row

ROWS: Final = 200
NONSENSE: Final = ("?", "n/a", "2", "misschien", "\U0001f600", "31/02/2020", "nee hoor", "\u200b")
NOTHING: Final = (None, "", "  ")
ALLOWED: Final = ("Toestaan", "Allow", "Autoriser", "toestaan ", "false", "0")
REFUSED: Final = ("Niet toestaan", "Do Not Allow", "NE PAS AUTORISER", "True", "1")
UNREAD: Final = ("?", "1980-02-29?", "29/02/1980 of 1981", "01/02/19801")
STATUS: Final = {
    "customer": ("customer", "Klant", "client "),
    "former_customer": ("former_customer", "oud-klant"),
    "prospect": ("prospect", "PROSPECT"),
}
SENT: Final = ("Verzenden", "Send", "Envoyer", "False")
UNSENT: Final = ("Niet verzenden", "Do Not Send", "Ne pas envoyer", "true")
MARKS: Final = (*NOTHING, "Ja", "Oui", "yes", "Nee", "Non", "NO", "false", "1", *NONSENSE)
# a national number, an account, a card, a telephone number, a diagnosis; and near misses.
FORBIDDEN: Final = (
    "85.11.30-133.53", "BE68 5390 0754 7034", "4111 1111 1111 1111", "+32 475 12 34 56", "C50.9",
    "2 85 11 75 112 118 11",
)  # fmt: skip
HARMLESS: Final = (
    "85.11.30-133.54", "BE69 5390 0754 7034", "4111 1111 1111 1112", "2 85 11 75 112 118 12", "antwerpen 2",
    "24/11/2026",
)  # fmt: skip
# What a source may do without, so that all of its rows do.
OPTIONAL: Final = (
    "deceased", "deceased_on", "restricted", "legal_hold", "relationship_ended_on", "last_contact_on",
    "last_contact_kind", "acquired_through",
)  # fmt: skip


def rows(ground: Ground) -> tuple[Row, ...]:
    """Everybody once, then more rows of some of them; in some worlds a field that the source does not have."""
    random = ground.random
    made = [good(ground, number, address) for number, address in enumerate(ground.people)]
    while len(made) < ROWS:
        again = random.choice(made)
        if ground.chance(0.3):
            again = replace(again, contact_id=f"c-{random.randrange(len(ground.people))}")
        if ground.chance(0.3):
            again = replace(again, email=written(random, spelled(random, address_of(ground, again))))
        made.append(again)
    made = [faulty(ground, row) for row in made]
    missing = random.choice(OPTIONAL) if ground.chance(0.2) else None
    return tuple(_with(row, missing, None) if missing else row for row in made)


def address_of(ground: Ground, row: Row) -> str:
    """The address of whoever has this contact number."""
    return ground.people[int((row.contact_id or "0").removeprefix("c-"))]


def good(ground: Ground, number: int, address: str) -> Row:
    """Somebody against whom the export says nothing."""
    random, today = ground.random, ground.today
    recent = today - DAY * random.randrange(2, 25)
    status = random.choice(("customer", "customer", "customer", "former_customer", "prospect"))
    return Row(
        contact_id=f"c-{number}",
        email=written(random, address),
        donotemail=random.choice(ALLOWED),
        donotbulkemail=random.choice(ALLOWED),
        donotsendmm=random.choice(SENT),
        state=random.choice(("Actief", "Active", "actif", "0")),
        deceased=random.choice(("", None, "Nee")),
        deceased_on=None,
        birthdate=random.choice(("1980-02-29", "29/02/1980", "1975-06-01 00:00:00", "01/06/1975 0:00")),
        contract_role=random.choice(("Titularis", "titulaire", "Contract Holder")),
        language=random.choice(("nl", "nl", "fr")),
        region=random.choice(("antwerpen", "antwerpen", "luik")),
        customer_status=random.choice(STATUS[status]),
        product_family=random.choice(("reis", "hospitalisatie")),
        relationship_ended_on=str(recent) if status == "former_customer" else None,
        last_contact_on=f"{recent:%d/%m/%Y}" if status == "prospect" else random.choice((None, str(recent))),
        last_contact_kind=random.choice(("formulier", "Oproep", "LOGIN")),
        acquired_through=random.choice(("website", "Kantoor")),
        restricted=random.choice(("", None, "Nee")),
        legal_hold=random.choice(("", None, "Non")),
    )


def faulty(ground: Ground, row: Row) -> Row:
    """The same row with as many other cells as chance will have it; mostly none."""
    for _ in range(ground.random.choice((0, 0, 0, 0, 1, 1, 2, 5))):
        row = ground.random.choice(FAULTS)(ground, row)
    return row


def _opt_out(ground: Ground, row: Row) -> Row:
    column = ground.random.choice(("donotemail", "donotbulkemail", "donotsendmm"))
    own = (*SENT, *UNSENT) if column == "donotsendmm" else (*ALLOWED, *REFUSED)
    # Words of the neighbouring columns too: here they may mean nothing.
    return _any(ground, row, column, ground.random.choice((own, (*SENT, *REFUSED, *NOTHING, *NONSENSE))))


def _mark(ground: Ground, row: Row) -> Row:
    return _any(ground, row, ground.random.choice(("deceased", "restricted", "legal_hold")), MARKS)


def _death(ground: Ground, row: Row) -> Row:
    column = ground.random.choice(("deceased", "deceased_on", "deceased_on"))
    return _any(ground, row, column, (*NOTHING, "Nee", "2020-01-01", str(ground.today + DAY), "?"))


def _state(ground: Ground, row: Row) -> Row:
    return _any(ground, row, "state", ("Inactief", "Inactive", "1", "Actief", "merged", *NOTHING, *NONSENSE))


def _birth(ground: Ground, row: Row) -> Row:
    """Mostly around the birthday that matters, and around the days that not every year has."""
    of_age, oldest = earlier(ground.today, ground.policy.minimum_age * 12), earlier(ground.today, 120 * 12)
    days = [day + DAY * step for day in (of_age, oldest) for step in (-3, -2, -1, 0, 1, 2)]
    days += [ground.today + DAY * step for step in (-1, 0, 1)]
    days += [date(2008, 2, 28), date(2008, 2, 29), date(2008, 3, 1), date(2010, 2, 28)]
    if ground.chance(0.2):
        unusual = ("1850-01-01", "1980-02-30", "30/02/1980", "1980", "01-02-1980", "1/2/1980")
        return _any(ground, row, "birthdate", (*NOTHING, *UNREAD, *unusual))
    form = ground.random.choice(("{0:%Y-%m-%d}", "{0:%d/%m/%Y}", "{0:%Y-%m-%d} 00:00:00"))
    return _any(ground, row, "birthdate", [form.format(day) for day in days])


def _role(ground: Ground, row: Row) -> Row:
    roles = ("Partner", "Kind", "zorgverlener", "TITULARIS", *NOTHING, *NONSENSE)
    return _any(ground, row, "contract_role", roles)


def _plain(ground: Ground, row: Row) -> Row:
    column = ground.random.choice(("language", "region", "product_family", "customer_status"))
    words = ("nl", "fr", "antwerpen", "reis", *NOTHING, *NONSENSE, *FORBIDDEN, *HARMLESS)
    return _any(ground, row, column, words)


def _status(ground: Ground, row: Row) -> Row:
    return _any(ground, row, "customer_status", ("klant", "former_customer", "prospect", "lid", *NOTHING))


def _ended(ground: Ground, row: Row) -> Row:
    days = [str(day) for day in boundary_days(ground.today, ground.policy.customer_months)]
    other = ("2015-01-01", *NOTHING, "ooit", "31/02/2020")
    return _any(ground, row, "relationship_ended_on", (*days, *days, *other))


def _contact(ground: Ground, row: Row) -> Row:
    if ground.chance(0.4):
        kinds = ("opening", "mailing", "", None, "ad_impression", "formulier", "+32 475 12 34 56")
        return _any(ground, row, "last_contact_kind", kinds)
    days = [f"{day:%d/%m/%Y}" for day in boundary_days(ground.today, ground.policy.prospect_months)]
    return _any(ground, row, "last_contact_on", (*days, *days, "2015-01-01", *NOTHING, "ooit"))


def _source(ground: Ground, row: Row) -> Row:
    return _any(ground, row, "acquired_through", ("partner", "gekocht", "WEBSITE", *NOTHING, *NONSENSE))


def _email(ground: Ground, row: Row) -> Row:
    other = ground.random.choice(ground.people)
    return _with(row, "email", cell(ground.random, address_of(ground, row), other))


def _any(ground: Ground, row: Row, column: str, values: Sequence[Cell]) -> Row:
    return _with(row, column, ground.random.choice(values))


def _with(row: Row, column: str, value: Cell) -> Row:
    return replace(row, **{column: value})


FAULTS: Final[tuple[Callable[[Ground, Row], Row], ...]] = (
    _opt_out, _mark, _death, _state, _birth, _birth, _role, _plain, _status, _ended, _ended, _contact, _source, _email,
    _email, _email,
)  # fmt: skip
