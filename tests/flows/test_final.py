"""The last look is at the bytes: it believes no filter, no gate and no frame (R-031, R-041, R-103)."""

from __future__ import annotations

import polars as pl
import pytest

from domain.audience import BodyTemplate
from domain.errors import GateRefused
from domain.reason import INCLUDED_CODE
from flows.canaries import canaries_of
from flows.feeds import take_list
from flows.final import Look, look_at
from flows.incidents import open_incidents
from flows.line import line_of
from flows.move import ADDS, KINDS, URGENT, Move, written
from flows.wiring import Site
from sandbox.people.fate import Fate
from sandbox.people.person import Person, platform_hex
from storage.lists import from_bytes
from tests.flows.stage import AUDIENCES, Stage
from transforms.cell import PLACEHOLDER_DIGESTS
from transforms.contracts import BUCKETS
from transforms.outbound import body

RUN = "20261125T060000Z-00000000"
LINE = (AUDIENCES[0], "google_ads")
TEMPLATE = BodyTemplate(
    head=b'{"a":[', before=b'["', after=b'"]', separator=b",", tail=b'],"proof":"' + b"ab" * 32 + b'"}'
)


def move(here: Site, **rows: int) -> Move:
    line = line_of(here, *LINE)
    return Move(
        run=RUN,
        line=line,
        held=here.memberships.current(line.empty),
        suppression=here.suppression.state().version,
        rows={kind: rows.get(kind, 0) for kind in KINDS},
    )


def additions(stage: Stage) -> Look:
    here = stage.site()
    return look_at(here, move(here), ADDS)


def bytes_of(*digests: str) -> bytes:
    return body(pl.Series("digest", [bytes.fromhex(one) for one in digests], dtype=pl.Binary), TEMPLATE)


def refused(look: Look, *digests: str) -> str:
    with pytest.raises(GateRefused) as caught:
        look(bytes_of(*digests), rows=len(digests), template=TEMPLATE)
    assert not any(digest in str(caught.value) for digest in digests)
    return caught.value.what


def codes(stage: Stage) -> list[str]:
    return [one.code for one in open_incidents(stage.site())]


def digest_of(stage: Stage, person: Person, platform: str = "google") -> str:
    return platform_hex(person.address, platform)


def test_r_041_a_body_of_people_who_agreed_may_leave(day_one: Stage) -> None:
    look = additions(day_one)
    wanted = sorted(day_one.wanted(1))
    look(bytes_of(*wanted), rows=len(wanted), template=TEMPLATE)
    assert codes(day_one) == []


@pytest.mark.parametrize("how", ["optouts", "partner_suppression"])
def test_r_041_a_body_with_a_single_digest_of_somebody_who_said_no_may_not_and_opens_an_incident(
    day_one: Stage, how: str
) -> None:
    person, *others = day_one.people()
    told = digest_of(day_one, person, "meta") if how == "partner_suppression" else person.address
    take(day_one, how, told)
    look = additions(day_one)
    wanted = [digest_of(day_one, one) for one in [*others[:20], person]]
    assert refused(look, *wanted) == "a finished body holds digests that may not leave: suppressed (R-041)"
    look(bytes_of(*wanted[:-1]), rows=len(wanted) - 1, template=TEMPLATE)
    (one,) = open_incidents(day_one.site())
    assert (one.code, one.scope, one.audience, one.run) == ("SUPPRESSED_IN_PAYLOAD", LINE[1], LINE[0], RUN)
    assert one.counts["suppressed"] >= 1


def take(stage: Stage, name: str, cell: str) -> None:
    take_list(stage.site(), name, from_bytes(cell.encode()))


def test_r_041_the_membership_counts_too_when_the_export_has_lost_somebody(day_two: Stage) -> None:
    """A digest of yesterday is known by the members, not by the export of today."""
    here = day_two.site()
    gone = [one for one in day_two.world.days[0].people if one.belongs(day_two.world.setting.targets[0])]
    now = {one.address for one in day_two.world.days[1].people}
    vanished = next(one for one in gone if one.address not in now)
    assert digest_of(day_two, vanished) in day_two.members()
    take(day_two, "optouts", vanished.address)
    assert "suppressed" in refused(look_at(here, move(here), ADDS), digest_of(day_two, vanished))


def test_r_024_whoever_agreed_again_after_a_no_may_leave(day_one: Stage) -> None:
    """A dated objection is weighed against the consent before it is called an incident."""
    again = [one for one in day_one.world.days[0].people if one.fate is Fate.AGREED_AGAIN]
    objected = next(one for one in day_one.world.days[0].people if one.fate is Fate.OBJECTED_IN_FEED)
    look = additions(day_one)
    for person in again:
        look(bytes_of(digest_of(day_one, person)), rows=1, template=TEMPLATE)
    assert codes(day_one) == []
    assert "suppressed" in refused(look, digest_of(day_one, objected))


def test_r_047_a_canary_in_a_body_is_an_incident_of_its_own(day_one: Stage) -> None:
    digests = canaries_of(day_one.site(), "dynamics_contacts")["google_digest"].drop_nulls().unique()
    look = additions(day_one)
    for digest in digests:
        assert "canaries" in refused(look, digest.hex())
    assert codes(day_one) == ["CANARY_IN_PAYLOAD"]


def test_r_079_a_placeholder_in_a_body_may_not_leave(day_one: Stage) -> None:
    assert "placeholders" in refused(additions(day_one), min(PLACEHOLDER_DIGESTS).hex())
    assert codes(day_one) == []


def test_r_103_a_body_with_more_or_fewer_digests_than_rows_may_not_leave(day_one: Stage) -> None:
    look = additions(day_one)
    wanted = sorted(day_one.wanted(1))[:3]
    for rows in (2, 4):
        with pytest.raises(GateRefused):
            look(bytes_of(*wanted), rows=rows, template=TEMPLATE)
    glued = bytes_of(*wanted).replace(b'"],["', b"")
    with pytest.raises(GateRefused):
        look(glued, rows=3, template=TEMPLATE)


def removal(stage: Stage, *digests: str) -> tuple[Site, Look]:
    """The look of a run that removes these members."""
    here = stage.site()
    planned = move(here, urgent=len(digests))
    for bucket in range(BUCKETS):
        members = here.memberships.rows(planned.held, bucket)
        leaving = members.filter(pl.col("digest").bin.encode("hex").is_in(list(digests))).select(
            "subject_key",
            "digest",
            pl.lit("google-1").alias("normaliser"),
            pl.lit(INCLUDED_CODE, dtype=pl.UInt8).alias("primary"),
            pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("said_at"),
        )
        written(here, planned.line, RUN, URGENT, bucket, leaving)
    return here, look_at(here, planned, URGENT)


def test_r_031_a_removal_of_what_was_sent_may_leave(day_two: Stage) -> None:
    wanted = sorted(day_two.members())[:5]
    _, look = removal(day_two, *wanted)
    look(bytes_of(*wanted), rows=len(wanted), template=TEMPLATE)
    assert codes(day_two) == []


def test_r_031_a_removal_of_somebody_who_was_never_sent_there_may_not(day_two: Stage) -> None:
    wanted = sorted(day_two.members())[:5]
    never = next(one for one in day_two.world.days[0].people if one.fate is Fate.NEVER_ASKED)
    _, look = removal(day_two, *wanted)
    assert "never sent there" in refused(look, *wanted, digest_of(day_two, never))
    assert codes(day_two) == ["REMOVAL_OF_UNSENT"]
