"""What the export says against a person: one function a rule, over all rows that are about the same subject."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from tests.properties.oracle.cells import (
    ACTIVE,
    ALLOWS,
    NO,
    REFUSES,
    STATUSES,
    bare,
    day,
    earlier,
    later,
    word,
)
from tests.properties.oracle.forbidden import is_forbidden
from tests.properties.oracle.world import Cell, Row, World

ONE_DAY: Final = timedelta(days=1)
LONGEST_LIFE: Final = 120 * 12
# Columns of plain words; the others hold marks and days, where such a value is unreadable and excludes anyway.
TEXTS: Final = (
    "language", "region", "customer_status", "product_family", "contract_role", "last_contact_kind", "acquired_through",
)  # fmt: skip


def r_007_r_020_opted_out(row: Row) -> set[str]:
    """R-007, R-020: only three readable permissions are a permission; a refusal and a riddle both exclude."""
    for column in ("donotemail", "donotbulkemail", "donotsendmm"):
        if word(getattr(row, column)) not in ALLOWS[column]:
            return {"OBJECTED"}
    return set()


def is_marked(cell: Cell) -> bool:
    """Whether a mark is set: an empty cell and a no are no mark, everything else that stands there is one."""
    return bare(cell) != "" and word(cell) not in NO


def r_027_restricted(row: Row) -> set[str]:
    """R-027: restricted people are never selected."""
    return {"RESTRICTED"} if is_marked(row.restricted) else set()


def r_028_held(row: Row) -> set[str]:
    """R-028: a legal hold excludes from audiences."""
    return {"LEGAL_HOLD"} if is_marked(row.legal_hold) else set()


def r_029_deceased(row: Row) -> set[str]:
    """R-029: a death mark, or anything where the date of death should stand, also one in the future."""
    return {"DECEASED"} if is_marked(row.deceased) or bare(row.deceased_on) else set()


def r_030_minor(row: Row, world: World) -> set[str]:
    """R-030: of age also if the birth date is a day too early (sources.md 1.3), and not above 120 years old."""
    born, today = day(row.birthdate), world.now.date()
    if born is None or born > today:
        return {"MINOR"}
    of_age = later(born + ONE_DAY, world.policy.minimum_age * 12) <= today
    return set() if of_age and today < later(born, LONGEST_LIFE) else {"MINOR"}


def r_032_not_holder(row: Row) -> set[str]:
    """R-032: only a word that means the contract holder."""
    holder = word(row.contract_role) in {"titularis", "titulaire", "contract holder"}
    return set() if holder else {"NOT_CONTRACT_HOLDER"}


def r_060_forbidden_value(row: Row) -> set[str]:
    """R-060: a hit in any text column excludes the row."""
    return {"SPECIAL_CATEGORY"} if any(is_forbidden(getattr(row, text)) for text in TEXTS) else set()


def r_075_not_first_party(row: Row, world: World) -> set[str]:
    """R-075: where the source says how it got somebody's data, only a first-party word will do."""
    allowed = world.policy.first_party
    return set() if allowed is None or word(row.acquired_through) in allowed else {"NOT_FIRST_PARTY"}


def r_048_inactive(row: Row) -> set[str]:
    """R-048: a record that is not known to be active is past its use."""
    return set() if word(row.state) in ACTIVE else {"RETENTION_EXPIRED"}


def kept(row: Row, field: str, world: World) -> str | None:
    """R-062: a value of the catalogue, letter for letter; of any other nothing is known (R-001)."""
    cell = getattr(row, field)
    value = STATUSES.get(word(cell)) if field == "customer_status" else cell
    return value if value in world.catalogue[field] else None


def agreed(rows: Sequence[Row], field: str, world: World) -> str | None:
    """What all rows say; nothing if they do not agree (R-001: contradictory is unknown)."""
    said = {kept(row, field, world) for row in rows}
    return said.pop() if len(said) == 1 else None


def r_049_r_050_expired(rows: Sequence[Row], world: World) -> set[str]:
    """R-048 to R-050: no clock has run out, and whoever needs one has one."""
    today = world.now.date()
    in_time = False
    match agreed(rows, "customer_status", world):
        case "prospect":
            oldest = earlier(today, world.policy.prospect_months)
            in_time = all(
                word(row.last_contact_kind) in world.policy.own_acts
                and (contact := day(row.last_contact_on)) is not None
                and oldest <= contact <= today
                for row in rows
            )
        case "former_customer":
            oldest = earlier(today, world.policy.customer_months)
            in_time = all(
                (end := day(row.relationship_ended_on)) is not None and oldest <= end <= today for row in rows
            )
        case "customer":
            # No end, or one that lies ahead: the relationship goes on.
            oldest = earlier(today, world.policy.customer_months)
            in_time = all(
                (end := day(row.relationship_ended_on)) is None or end > today or oldest <= end
                for row in rows
            )
    return set() if in_time else {"RETENTION_EXPIRED"}


def r_050_end_unread(row: Row) -> set[str]:
    """R-050: something stands where the end of the relationship should, and nobody can read it."""
    unread = bare(row.relationship_ended_on) and day(row.relationship_ended_on) is None
    return {"RETENTION_EXPIRED"} if unread else set()


def r_084_outside_criteria(rows: Sequence[Row], world: World) -> set[str]:
    """R-084: every criterion must hold for what the rows agree on."""
    outside = any(agreed(rows, field, world) not in values for field, values in world.criteria.items())
    return {"NOT_IN_AUDIENCE"} if outside else set()


def r_023_said(row: Row) -> set[str]:
    """R-023: what somebody said of this person: a readable refusal, a death, a restriction."""
    refused = any(
        word(getattr(row, column)) in REFUSES[column]
        for column in ("donotemail", "donotbulkemail", "donotsendmm")
    )
    return ({"OBJECTED"} if refused else set()) | r_027_restricted(row) | r_029_deceased(row)


def of_row(row: Row, world: World) -> set[str]:
    """Everything that one row says against whomever it is about."""
    return (
        r_007_r_020_opted_out(row)
        | r_027_restricted(row)
        | r_028_held(row)
        | r_029_deceased(row)
        | r_030_minor(row, world)
        | r_032_not_holder(row)
        | r_048_inactive(row)
        | r_050_end_unread(row)
        | r_060_forbidden_value(row)
        | r_075_not_first_party(row, world)
    )


def of_rows(rows: Sequence[Row], world: World) -> set[str]:
    """Everything that the rows of one subject say against it: a no of one row is a no (sources.md 0, rule 5)."""
    against = r_049_r_050_expired(rows, world) | r_084_outside_criteria(rows, world)
    return against.union(*(of_row(row, world) for row in rows))
