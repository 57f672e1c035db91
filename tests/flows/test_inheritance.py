"""What was said stays said: through the same file twice, and through a run that died in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest

import flows.inheritance
import flows.taking
from domain.alias import AliasKind
from flows.aliases import aliases_file, domains_file
from flows.feeds import take_list
from flows.inheritance import remember
from flows.snapshots import Snapshot, merged_file, shared_file, subjects_file
from flows.staging import subject_keys
from flows.wiring import Site
from storage.lists import from_bytes
from tests.flows.stage import Stage
from tests.transforms.frames import ADDRESS, RULES, export, reference, sha256
from transforms.contracts import ALIASES, BUCKETS
from transforms.merges import merged_of, said_for_masters, with_masters
from transforms.moves import DEPARTED, beside_others
from transforms.subjects import by_contact, collapsed, pseudonymised, said_of_contacts, spoken_for

SOURCE = "dynamics_contacts"
NEW = "an.nieuw@post.example"
SEEN = datetime(2026, 6, 1, tzinfo=UTC)
REFUSED = {"donotbulkemail": "Niet toestaan"}
OTHER = "bo@post.example"
SECOND = {"contact_id": "00000000-0000-0000-0000-000000000002"}
Person = Mapping[str, str | None]


def merging(people: Sequence[Person]) -> pl.DataFrame:
    """Rows of an export whose source declares master_id."""
    masters = pl.Series("master_id", [one.get("master_id") for one in people], dtype=pl.String)
    rows = export(*[{name: cell for name, cell in one.items() if name != "master_id"} for one in people])
    return rows.with_columns(masters)


def read(here: Site, name: str, *people: Person, at: datetime = SEEN, source: str = SOURCE) -> Snapshot:
    """An export of some people, as it lies in the pseudonymous zone."""
    rules = replace(RULES, aliases=frozenset(AliasKind))
    read_rows, notes, aliases = pseudonymised(merging(people), keys=subject_keys(here), rules=rules)
    masters, own = with_masters(merged_of(read_rows)), said_of_contacts(read_rows)
    said = by_contact([own, said_for_masters(own, masters)])
    rows = spoken_for(read_rows, said).with_columns(read_rows["bucket"])
    folder = f"subjects/{source}/{name}"
    for bucket in range(BUCKETS):
        mine = rows.filter(pl.col("bucket") == bucket)
        here.frames.write(subjects_file(folder, bucket), collapsed(mine))
        here.frames.write(shared_file(folder, bucket), beside_others(mine))
        named = aliases.filter(pl.col("bucket") == bucket).select(ALIASES.names())
        here.frames.write(aliases_file(folder, bucket), named)
    domains = aliases.filter("of_domain").select(pl.col("alias_key").unique())
    here.frames.write(domains_file(folder), domains)
    here.frames.write(merged_file(folder), masters)
    here.frames.write(f"{folder}/blocked.parquet", notes)
    return Snapshot(
        export=name,
        read=len(people),
        malformed=0,
        subjects=len(people),
        folder=folder,
        read_at=at.isoformat(),
    )


def days(here: Site, *exports: Sequence[Person]) -> None:
    """One export after the other."""
    snapshots = [
        read(here, f"day{at}", *people, at=SEEN + timedelta(days=at)) for at, people in enumerate(exports)
    ]
    remember(here, SOURCE, None, snapshots[0])
    for before, now in pairwise(snapshots):
        remember(here, SOURCE, before, now)


def say_no(here: Site, *lines: str) -> None:
    take_list(here, "optouts", from_bytes("\n".join(lines).encode()))


def bound(here: Site, *addresses: str) -> list[str]:
    """Those of these addresses that an entry names."""
    named = set(entries(here)["subject_key"])
    return [one for one in addresses if reference(one, here.keys.get("suppression")) in named]


def entries(here: Site) -> pl.DataFrame:
    state = here.suppression.state()
    return pl.concat(here.suppression.bucket(bucket, state) for bucket in range(BUCKETS))


def test_r_024_a_file_that_comes_again_takes_back_what_was_said_since(stage: Stage) -> None:
    here = stage.site()
    first = read(here, "first", REFUSED)
    cleared = read(here, "cleared", {}, at=SEEN + timedelta(days=1))
    again = read(here, "again", REFUSED, at=SEEN + timedelta(days=9))
    for before, now in ((first, cleared), (cleared, again), (again, cleared)):
        remember(here, SOURCE, before, now)
    assert entries(here)["occurred_at"].sort().to_list() == [SEEN, SEEN + timedelta(days=9)]


def test_r_017_what_a_run_that_died_took_in_is_handed_on_by_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = stage.site()
    remember(here, SOURCE, read(here, "old", {}), read(here, "new", {"email": NEW}))
    said = from_bytes(ADDRESS.encode())
    with monkeypatch.context() as dying:
        dying.setattr(flows.taking, "hand_on", lambda _: 1 // 0)
        with pytest.raises(Exception, match="ZeroDivisionError"):
            take_list(here, "optouts", said)
    assert entries(here).height == 1
    assert not take_list(here, "optouts", said).changed
    assert entries(here)["subject_key"].n_unique() == 2


@pytest.mark.parametrize("between", [[], [{"email": None}], [{"email": "geen"}], [{"email": "an@post"}]])
def test_r_017_an_objection_finds_who_was_away_for_a_day(stage: Stage, between: list[Person]) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    somebody = {**SECOND, "email": OTHER}
    days(here, [{}, somebody], [*between, somebody], [{"email": NEW}, somebody])
    assert bound(here, ADDRESS, NEW, OTHER) == [ADDRESS, NEW]


def test_r_017_whoever_leaves_a_shared_address_takes_the_no_along(stage: Stage) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    days(here, [{}, SECOND], [{}, {**SECOND, "email": NEW}])
    assert bound(here, NEW) == [NEW]
    days(here, [{}, SECOND], [{"email": OTHER}, SECOND])
    assert bound(here, OTHER) == [OTHER]


def test_r_017_whoever_moves_to_a_shared_address_brings_the_no(stage: Stage) -> None:
    here = stage.site()
    say_no(here, OTHER)
    days(here, [{}, {**SECOND, "email": OTHER}], [{}, SECOND])
    assert bound(here, ADDRESS) == [ADDRESS]


def test_r_017_who_was_there_first_and_moves_to_a_shared_address_brings_the_no(stage: Stage) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    days(here, [{}, {**SECOND, "email": OTHER}], [{"email": OTHER}, {**SECOND, "email": OTHER}])
    assert bound(here, OTHER) == [OTHER]


def test_r_024_a_mark_goes_along_though_somebody_else_says_no_at_the_old_address(stage: Stage) -> None:
    here = stage.site()
    days(here, [REFUSED, {**SECOND, "email": OTHER}], [{"email": NEW}, {**SECOND, **REFUSED}])
    assert bound(here, ADDRESS, NEW, OTHER) == [ADDRESS, NEW]


@pytest.mark.parametrize("between", [[], [[]], [[{"email": None}]]])
def test_r_024_what_was_said_without_an_address_holds_for_the_first_one(
    stage: Stage, between: list[list[Person]]
) -> None:
    here = stage.site()
    days(here, [{**REFUSED, "email": None}], *between, [{"email": NEW}])
    assert bound(here, NEW) == [NEW]


def test_r_017_two_contacts_that_change_places_free_nobody(stage: Stage) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    third = {"contact_id": "3", "email": "cis@post.example"}
    days(
        here,
        [{}, {**SECOND, "email": OTHER}, third],
        [{"email": OTHER}, {**SECOND, "email": ADDRESS}, third],
    )
    assert bound(here, ADDRESS, OTHER, "cis@post.example") == [ADDRESS, OTHER]


def test_r_017_who_takes_over_an_address_neither_frees_it_nor_binds_where_they_came_from(
    stage: Stage,
) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    days(here, [{}, {**SECOND, "email": OTHER}], [SECOND], [{"email": NEW}, SECOND])
    assert bound(here, ADDRESS, NEW, OTHER) == [ADDRESS, NEW]


@pytest.mark.parametrize("form", [ADDRESS, ADDRESS.upper()])
def test_r_038_a_list_of_digests_that_comes_after_the_move_binds_the_new_address(
    stage: Stage, form: str
) -> None:
    here = stage.site()
    days(here, [{}], [], [{"email": NEW}])
    take_list(here, "partner_suppression", from_bytes(sha256(form).hex().encode()))
    assert bound(here, NEW) == [NEW]


def test_r_017_what_a_source_saw_under_its_old_name_counts(stage: Stage) -> None:
    here = stage.site()
    remember(
        here,
        "old_name",
        read(here, "a", {}, source="old_name"),
        read(here, "b", {"email": NEW}, source="old_name"),
    )
    say_no(here, ADDRESS)
    assert bound(here, NEW) == [NEW]


@pytest.mark.parametrize("step", ["_note", "hand_on"])
def test_r_017_a_comparison_that_died_is_made_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    away, back = read(here, "away", {"email": None}), read(here, "back", {"email": NEW})
    remember(here, SOURCE, read(here, "first", {}), away)
    with monkeypatch.context() as dying:
        dying.setattr(flows.inheritance, step, lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            remember(here, SOURCE, away, back)
    for _ in range(2):
        remember(here, SOURCE, away, back)
    assert bound(here, NEW) == [NEW]
    kept = [here.frames.read(name, DEPARTED) for name in here.store.names("departed/")]
    assert all(one.is_unique().all() for one in kept)
    assert entries(here).filter(pl.col("subject_key").is_duplicated()).is_empty()


LOST = {**SECOND, "email": OTHER, "master_id": "00000000-0000-0000-0000-000000000001"}


def test_r_017_a_list_against_a_merged_record_binds_its_master(stage: Stage) -> None:
    here = stage.site()
    days(here, [{}, LOST])
    say_no(here, OTHER)
    assert bound(here, ADDRESS) == [ADDRESS]


def test_r_017_the_address_of_a_merged_record_counts_when_its_master_moves(stage: Stage) -> None:
    here = stage.site()
    days(here, [{}, {**SECOND, "email": OTHER}], [{}, LOST], [{}], [], [{"email": NEW}])
    say_no(here, OTHER)
    assert bound(here, ADDRESS, NEW) == [ADDRESS, NEW]


def test_r_017_a_no_of_the_master_does_not_speak_for_the_merged_record(stage: Stage) -> None:
    here = stage.site()
    days(here, [{}, LOST])
    say_no(here, ADDRESS)
    assert bound(here, OTHER) == []


def test_r_017_who_left_an_address_earlier_is_not_forgotten_when_somebody_else_leaves_it(
    stage: Stage,
) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    days(here, [{}, SECOND], [SECOND], [], [{"email": NEW}])
    assert bound(here, NEW) == [NEW]
