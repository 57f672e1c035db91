"""Lists built anew, emptied everywhere and asked for their size, through both connectors."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from google.ads import datamanager_v1 as types
from google.protobuf import json_format

from destinations.egress import EgressClient
from destinations.google import GoogleCustomerMatch
from destinations.meta import MetaCustomAudience
from domain.audience import ListSize, Operation, Receipt, ReceiptState, Replacement
from domain.errors import ConfigurationRefused, EgressRefused, GateRefused, OutcomeUnknown, PlatformRefused
from sandbox.meta_sessions import OPEN_SECONDS
from sandbox.server import Sandbox
from sandbox.world import TOKEN
from tests.destinations.batches import ROWS, digests, filled, hexes, patience, sent
from tests.destinations.door import Door, answer
from tests.sandbox.platforms import LIST, Clock
from transforms.outbound import body

Either = GoogleCustomerMatch | MetaCustomAudience
STRAY = b"\x07" * 32


def begun(destination: Either, double: Sandbox) -> Replacement:
    now = datetime.now(UTC)  # noqa: TID251 - the double compares with the time of day
    double.world.members.add(destination.platform, LIST, [STRAY], at=(now - timedelta(hours=1)).timestamp())
    return destination.begin_replacement(LIST, rows=ROWS, reference=4711, now=now)


def parted(destination: Either, replacement: Replacement, clock: Clock) -> None:
    """Two parts, settled."""
    for number, part in enumerate((digests()[:2], digests()[2:])):
        template = destination.replacement_template(
            replacement, number=number, last=number == 1, consented=True
        )
        made = body(pl.Series(part, dtype=pl.Binary), template)
        receipt = destination.send_replacement(
            replacement, made, rows=len(part), number=number, last=number == 1
        )
        clock.sleep(100)
        assert destination.settle(receipt).state is ReceiptState.ACKNOWLEDGED


def test_r_045_a_list_that_is_built_anew_holds_the_new_rows_and_nobody_else(
    either: Either, double: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(either, MetaCustomAudience):
        monkeypatch.setattr("destinations.meta.BATCH_ROWS", 2)
    replacement = begun(either, double)
    parted(either, replacement, clock)
    receipt = either.finish_replacement(replacement)
    clock.sleep(100)
    assert either.settle(receipt).state is ReceiptState.ACKNOWLEDGED
    assert double.members(either.platform, LIST) == hexes()


def test_r_013_a_replacement_is_an_add_and_has_to_be_earned_like_one(either: Either) -> None:
    replacement = Replacement(list_id=LIST, reference=1, started_at=datetime.now(UTC), rows=ROWS)  # noqa: TID251
    with pytest.raises(GateRefused):
        either.replacement_template(replacement, number=0, last=True, consented=False)
    either._terms_accepted = False
    with pytest.raises(ConfigurationRefused):
        either.replacement_template(replacement, number=0, last=True, consented=True)


def test_the_cut_off_is_the_published_message_and_holds_no_row(
    google: GoogleCustomerMatch, double: Sandbox
) -> None:
    replacement = begun(google, double)
    google.finish_replacement(replacement)
    (request,) = double.requests
    assert request.path == "/v1/audienceMembers:removeAll"
    message = json_format.Parse(request.body or b"", types.RemoveAllAudienceMembersRequest.pb()())
    assert message.remove_as_of_time.ToDatetime(tzinfo=UTC) == replacement.started_at


def test_a_part_without_an_answer_is_never_sent_again_in_its_session(
    meta: MetaCustomAudience, double: Sandbox
) -> None:
    replacement = begun(meta, double)
    double.fault("lost", operation="replace")
    made = filled(meta.replacement_template(replacement, number=0, last=True, consented=True))
    with pytest.raises(OutcomeUnknown):
        meta.send_replacement(replacement, made, rows=ROWS, number=0, last=True)
    assert len(double.requests) == 1


def test_a_busy_platform_is_asked_again_with_the_same_part(meta: MetaCustomAudience, double: Sandbox) -> None:
    replacement = begun(meta, double)
    double.fault("busy", operation="replace", times=2)
    assert whole(meta, replacement).state is ReceiptState.ACKNOWLEDGED
    assert double.members("meta", LIST) == hexes()


def whole(meta: MetaCustomAudience, replacement: Replacement) -> Receipt:
    made = filled(meta.replacement_template(replacement, number=0, last=True, consented=True))
    return meta.send_replacement(replacement, made, rows=ROWS, number=0, last=True)


def test_r_045_a_replacement_has_ended_when_its_session_is_listed_with_every_row(
    meta: MetaCustomAudience, double: Sandbox
) -> None:
    replacement = begun(meta, double)
    waiting = meta.finish_replacement(replacement)
    assert (waiting.state, waiting.rows) == (ReceiptState.PENDING, 0)
    assert meta.settle(waiting) == waiting
    whole(meta, replacement)
    assert meta.settle(waiting).state is ReceiptState.ACKNOWLEDGED
    assert meta.finish_replacement(replace(replacement, rows=ROWS + 1)).state is ReceiptState.PENDING
    assert meta.finish_replacement(replace(replacement, reference=4712)).state is ReceiptState.PENDING
    assert {one.query for one in double.requests if one.path.endswith("/sessions")} == {
        f"session_id={number}&fields=session_id%2Cnum_received%2Cnum_invalid_entries"
        for number in (4711, 4712)
    }


def test_r_045_a_session_with_invalid_rows_has_not_replaced_the_list(
    meta: MetaCustomAudience, double: Sandbox
) -> None:
    replacement = begun(meta, double)
    double.fault("invalid", operation="replace")
    assert whole(meta, replacement).state is ReceiptState.REFUSED
    receipt = meta.finish_replacement(replacement)
    assert (receipt.state, receipt.reasons) == (ReceiptState.REFUSED, (("INVALID_ENTRIES", 1),))


def test_a_session_that_ran_out_of_time_asks_for_a_new_one(
    meta: MetaCustomAudience, double: Sandbox, clock: Clock
) -> None:
    replacement = begun(meta, double)
    made = filled(meta.replacement_template(replacement, number=0, last=False, consented=True))
    meta.send_replacement(replacement, made, rows=ROWS, number=0, last=False)
    assert meta.size(LIST).state == "updating"
    clock.sleep(OPEN_SECONDS)
    made = filled(meta.replacement_template(replacement, number=1, last=True, consented=True))
    with pytest.raises(PlatformRefused, match="META_2650_1870158") as refused:
        meta.send_replacement(replacement, made, rows=ROWS, number=1, last=True)
    assert "reconcile" in refused.value.do
    assert meta.size(LIST).state == "broken"
    assert double.members("meta", LIST) == hexes() | {STRAY.hex()}


def test_a_count_below_that_of_the_parts_before_leaves_every_row_unknown(
    meta: MetaCustomAudience, double: Sandbox
) -> None:
    """As if the platform counted for the part alone."""
    replacement = begun(meta, double)
    made = filled(meta.replacement_template(replacement, number=1, last=True, consented=True))
    with Door(answer(json.dumps({"num_received": ROWS, "num_invalid_entries": 0}).encode())) as door:
        meta._endpoint = f"{door.url}/v26.0"
        receipt = meta.send_replacement(replacement, made, rows=ROWS, number=1, last=True)
    assert (receipt.state, receipt.unknown) == (ReceiptState.UNKNOWN, ROWS)


def test_r_042_a_flagged_audience_refuses_a_removal_with_its_own_code(
    meta: MetaCustomAudience, double: Sandbox
) -> None:
    double.world.meta.flags[LIST] = 471
    with pytest.raises(PlatformRefused, match="META_100_1713230") as refused:
        sent(meta, Operation.REMOVE)
    assert "flagged" in refused.value.do


def test_a_list_of_another_account_is_asked_for_through_the_account_that_may(
    client: EgressClient, double: Sandbox, clock: Clock
) -> None:
    google = GoogleCustomerMatch(
        name="google_main",
        client=client,
        token=lambda: TOKEN,
        operating_account="1234567890",
        login_account="9876543210",
        endpoint=double.url,
        patience=patience(clock),
    )
    google.size(LIST)
    (request,) = double.requests
    assert request.path == f"/v1/accountTypes/GOOGLE_ADS/accounts/1234567890/userLists/{LIST}"
    assert dict(request.headers)["login-account"] == "accountTypes/GOOGLE_ADS/accounts/9876543210"


def test_rows_that_got_lost_in_an_earlier_part_are_missed_in_a_later_one(
    meta: MetaCustomAudience, double: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meta counts for the session: what one part lacks would be hidden by the rows of the others."""
    monkeypatch.setattr("destinations.meta.BATCH_ROWS", 2)
    replacement = begun(meta, double)
    double.fault("short", operation="replace")
    states = []
    for number, part in enumerate((digests()[:2], digests()[2:])):
        template = meta.replacement_template(replacement, number=number, last=number == 1, consented=True)
        made = body(pl.Series(part, dtype=pl.Binary), template)
        receipt = meta.send_replacement(replacement, made, rows=2, number=number, last=number == 1)
        states.append(receipt.state)
    assert states == [ReceiptState.UNKNOWN, ReceiptState.UNKNOWN]


def test_r_042_an_objector_leaves_every_audience_of_the_account(
    meta: MetaCustomAudience, double: Sandbox
) -> None:
    for list_id in (LIST, "7002"):
        double.world.members.add("meta", list_id, [*digests(), STRAY])
    made = filled(meta.template(Operation.REMOVE_EVERYWHERE, LIST))
    receipt = meta.send(Operation.REMOVE_EVERYWHERE, LIST, made, rows=ROWS)
    assert (receipt.state, receipt.accepted) == (ReceiptState.ACKNOWLEDGED, ROWS)
    assert {double.members("meta", one) for one in (LIST, "7002")} == {frozenset({STRAY.hex()})}
    assert double.requests[-1].path == "/v26.0/act_100200300/usersofanyaudience"
    assert set(json.loads(double.requests[-1].body or b"")) == {"payload"}


def test_google_has_no_removal_from_every_audience(google: GoogleCustomerMatch) -> None:
    assert not google.removes_everywhere
    with pytest.raises(GateRefused):
        google.send(Operation.REMOVE_EVERYWHERE, LIST, b"{}", rows=ROWS)


def test_r_044_a_platform_says_how_many_it_has_and_no_digest_is_in_the_question(
    either: Either, double: Sandbox
) -> None:
    many = [bytes([at % 256, at // 256]) * 16 for at in range(1_234)]
    double.world.members.add(either.platform, LIST, many)
    expected = {
        "google": ListSize(low=1200, high=1200, state="ready"),
        "meta": ListSize(low=1200, high=1300, state="ready"),
    }
    assert either.size(LIST) == expected[either.platform]
    assert not any(digest.hex() in f"{one.path}{one.query}" for one in double.requests for digest in many)


def test_r_042_a_flagged_audience_is_told_apart(meta: MetaCustomAudience, double: Sandbox) -> None:
    double.world.meta.flags[LIST] = 471
    assert meta.size(LIST).state == "flagged"


def test_a_list_that_is_gone_is_refused_and_no_number(either: Either, double: Sandbox) -> None:
    double.world.google.lists = double.world.meta.lists = frozenset({"1"})
    with pytest.raises(PlatformRefused):
        either.size(LIST)


@pytest.mark.parametrize("document", [{"x": "a@b.example"}, {"x": "ab" * 32}])
def test_a_command_that_could_hold_an_identifier_does_not_leave(
    google: GoogleCustomerMatch, double: Sandbox, document: dict[str, str]
) -> None:
    with pytest.raises(EgressRefused):
        google._client.command(
            f"{double.url}/v1/audienceMembers:removeAll", token=lambda: "t", document=document
        )
    assert double.requests == []
