"""Special categories and forbidden data (R-059 to R-066): what no single room keeps alone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from config.organisation import load
from domain.errors import ExportRefused
from storage.headers import located
from tests.architecture.source import ROOT
from tests.flows.stage import AUDIENCES, DESTINATIONS, Stage

SPEC = load(ROOT / "config" / "example").sources["dynamics_contacts"].spec("dynamics_contacts")
HEADER = [column.headers[0] for column in SPEC.columns]
# What the rule names, as an export may call it; the configuration has to know each.
RULED_OUT = [
    "Rijksregisternummer", "INSZ", "NISS", "Numéro de registre national", "Identiteitskaartnummer",
    "Numéro de carte d'identité", "IBAN", "Rekeningnummer", "Numéro de compte", "Diagnose", "Diagnostic", "Terugbetaling",
    "Remboursement", "Ziekenhuisopname", "Séjour hospitalier",
]  # fmt: skip
OTHERS = [
    "Kaartnummer",
    "Schadegeval",
    "Behandeling",
    "Inbreuk",
    "Fraude",
    "PEP",
    "Gespreksopname",
    "Wachtwoord",
    "Hobby",
]
SPELLED: list[Callable[[str], str]] = [str, str.upper, lambda name: f" {name.lower()} "]


def test_the_header_of_the_example_is_taken() -> None:
    assert set(located(HEADER, SPEC).fields) == {column.field for column in SPEC.columns}


@pytest.mark.parametrize("spelled", SPELLED)
@pytest.mark.parametrize("column", [*RULED_OUT, *OTHERS, *SPEC.forbidden])
def test_r_059_a_column_that_is_forbidden_or_that_nobody_declared_refuses_the_file(
    column: str, spelled: Callable[[str], str]
) -> None:
    with pytest.raises(ExportRefused) as caught:
        located([*HEADER, spelled(column)], SPEC)
    known = column in RULED_OUT or column in SPEC.forbidden
    assert ("forbidden column" if known else "undeclared column") in caught.value.what


def test_r_065_no_name_of_an_audience_reaches_a_platform(day_one: Stage) -> None:
    """Not in a path, a query, a header or a body: what a platform knows a list by is a number that it gave."""
    day_one.platforms.world.keep_bodies = True
    for destination in DESTINATIONS:
        day_one.sync(destination=destination)
    audience = load(day_one.config).audiences[AUDIENCES[0]]
    words = {AUDIENCES[0], *audience.label.model_dump().values(), *audience.criteria, audience.purpose}
    words |= {"travel", "mobility"}
    assert words >= set(audience.criteria["product_family"])
    for seen in day_one.platforms.requests:
        said = f"{seen.path} {seen.query} {seen.headers} {(seen.body or b'').decode()}".casefold()
        assert not [word for word in words if word and word.casefold() in said]
    assert json.loads(day_one.platforms.requests[0].body or b"{}")
