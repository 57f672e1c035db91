"""The removal clock of every list: how long people who said no had to wait, and who still waits (R-042, R-044)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import polars as pl

from audit.entry import Entry, Kind
from boundary.logs import Event, event
from config.policy import Policy
from domain.errors import PipelineError, RemovalOverdue
from flows.entry import shown
from flows.memberships import Membership
from flows.wiring import Site
from transforms.clock import measured
from transforms.contracts import BUCKETS

_HOUR: Final = 3600
_TIMES: Final = (
    "oldest_seconds",
    "requested_p50",
    "requested_p95",
    "acknowledged_p50",
    "acknowledged_p95",
    "verified_p95",
)
_STATES: Final = ("requested", "acknowledged", "verified")


class Late(StrEnum):
    """Which limit of the policy a removal has passed, the gravest one; only the last is a failure of the run (R-042)."""

    NO = "no"
    NOT_REQUESTED = "not_requested"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Removals of one list that people asked for: how many, how many are open, and how long they took.

    Times are whole seconds from the receipt of the no, the 50th and the 95th percentile; null where nobody got so far.
    """

    audience: str
    destination: str
    people: int
    open: int
    late: Late
    oldest_seconds: int | None
    requested_p50: int | None
    requested_p95: int | None
    acknowledged_p50: int | None
    acknowledged_p95: int | None
    verified_p50: int | None
    verified_p95: int | None


def clock_of(here: Site, held: Membership) -> Clock:
    """The clock of one list."""
    frames = [here.memberships.removals(held, bucket) for bucket in range(BUCKETS)]
    found = measured(pl.concat(frames), now=here.now())
    return Clock(
        audience=held.audience,
        destination=held.destination,
        people=found["people"] or 0,
        open=found["open"] or 0,
        late=_late(here.org.policy, oldest=found["oldest_seconds"], unrequested=found["unrequested_seconds"]),
        oldest_seconds=found["oldest_seconds"],
        requested_p50=found["requested_p50"],
        requested_p95=found["requested_p95"],
        acknowledged_p50=found["acknowledged_p50"],
        acknowledged_p95=found["acknowledged_p95"],
        verified_p50=found["verified_p50"],
        verified_p95=found["verified_p95"],
    )


def _late(policy: Policy, *, oldest: int | None, unrequested: int | None) -> Late:
    limits = (
        (oldest, policy.removal_alarm_hours, Late.ALARM),
        (oldest, policy.removal_acknowledged_hours, Late.NOT_ACKNOWLEDGED),
        (unrequested, policy.removal_request_hours, Late.NOT_REQUESTED),
    )
    return next(
        (late for waited, hours, late in limits if waited is not None and waited > hours * _HOUR), Late.NO
    )


def clocks(here: Site) -> list[Clock]:
    """The clocks of every list to which something was ever sent."""
    return [clock_of(here, held) for held in here.memberships.every()]


def entered(here: Site, clock: Clock) -> None:
    """Enter a clock in the audit log if it moved, with no count that could point at somebody (R-113).

    Times of a group that is too small for its count to be shown are not shown either.
    """
    people = shown(here, clock.people)
    fields = {
        "audience": clock.audience,
        "destination": clock.destination,
        "people": people,
        "open": shown(here, clock.open),
        **{name: getattr(clock, name) if people else None for name in _TIMES},
    }
    if fields != _last(here, clock):
        here.ledger.append(Entry.make(Kind.CLOCK, at=here.stamp(), **fields))


def _last(here: Site, clock: Clock) -> Mapping[str, object]:
    """The last entry about this list, without its time; where there is none, a clock that never ran."""
    found: Mapping[str, object] = {
        "audience": clock.audience,
        "destination": clock.destination,
        "people": 0,
        "open": 0,
        **dict.fromkeys(_TIMES),
    }
    for _, entry in here.ledger.entries():
        fields = {name: value for name, value in entry.fields.items() if name != "at"}
        same = (fields.get("audience"), fields.get("destination")) == (clock.audience, clock.destination)
        if entry.kind is Kind.CLOCK and same:
            found = fields
    return found


def told(clock: Clock) -> dict[str, str | int]:
    """A clock as a row of a table, with times that a person reads."""
    fields = asdict(clock)
    counts = {name: fields.pop(name) for name in ("audience", "destination", "people", "open")}
    late = {"late": str(fields.pop("late"))}
    return {**counts, **late, **{name.removesuffix("_seconds"): spoken(at) for name, at in fields.items()}}


def spoken(seconds: int | None) -> str:
    """A time in the largest unit that fits: ``42 s``, ``5.5 min``, ``3.2 h``; a dash for none."""
    if seconds is None:
        return "-"
    for size, unit in ((_HOUR, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds} s"


def overdue_failure(here: Site, clock: Clock) -> PipelineError | None:
    """Tell in the log that a limit was passed; the last of them is the alarm, which is given (R-042)."""
    if clock.late is not Late.NO:
        event(
            here.log,
            Event.REMOVAL_LATE,
            audience=clock.audience,
            destination=clock.destination,
            state=str(clock.late),
        )
    if clock.late is not Late.ALARM:
        return None
    return RemovalOverdue(
        what=f"a removal has been open for more than {here.org.policy.removal_alarm_hours} hours (R-042)",
        do="Look at the platform's answer in the log, cure it, then run `sluice optout` again",
        place=f"{clock.audience}, {clock.destination}",
    )


def removal_states(here: Site, held: Membership, people: pl.Series) -> list[tuple[datetime, str, datetime]]:
    """How the removals of some people stand: receipt of the no, state, and since when; oldest first.

    ``state``: ``open``, ``requested``, ``acknowledged`` or ``verified``; acknowledged is not deleted (R-044).
    """
    frames = [here.memberships.removals(held, bucket) for bucket in range(BUCKETS)]
    rows = pl.concat(frames).join(people.to_frame("subject_key"), on="subject_key", how="semi")
    return sorted(map(_state, rows.drop("subject_key").rows()))


def _state(moments: tuple[datetime | None, ...]) -> tuple[datetime, str, datetime]:
    """The last moment that has come, of said, requested, acknowledged and verified."""
    said = moments[0]
    if said is None:
        raise ValueError("a clock always has its beginning")
    reached = [(name, at) for name, at in zip(_STATES, moments[1:], strict=True) if at is not None]
    name, at = reached[-1] if reached else ("open", said)
    return said, name, at
