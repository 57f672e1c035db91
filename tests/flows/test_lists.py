"""Files of mailing tools, of digests and of domains, all the way into the register (R-020, R-021, R-038, R-039)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest
import yaml

from domain.alias import AliasKind
from domain.errors import ListRefused
from domain.reason import CODE, Reason
from flows.aliases import kinds_of
from flows.feeds import take_list
from flows.reading import read_as
from flows.statements import take_objections
from flows.wiring import Site
from storage.lists import from_bytes
from tests.flows.stage import Stage
from tests.transforms.frames import reference
from transforms.contracts import BUCKETS

OUT, DEAD = CODE[Reason.OBJECTED], CODE[Reason.EXTERNAL_LIST]
FLEXMAIL = {
    "column": "E-mail",
    "status": {
        "column": "Reden",
        "objected": ["Uitschrijflink", "Rechtstreeks gemeld", "Klacht"],
        "undeliverable": ["Bounce", "Inactief", "Foutief adres"],
    },
}
ACTIVECAMPAIGN = {
    "column": "Email",
    "status": {
        "column": "Status",
        "objected": ["Unsubscribed", "Excluded"],
        "undeliverable": ["Bounced"],
        "says_nothing": ["Active", "Unconfirmed"],
    },
}


def declared(stage: Stage, name: str, **settings: object) -> Path:
    """Declare a list; gives its folder."""
    folder = stage.home / "inbox" / name
    folder.mkdir()
    whole = {
        "author": "data_team",
        "location": f"inbox/{name}",
        "pattern": "*.csv",
        "form": "plain",
        "reason": "OBJECTED",
        "channel": "email",
        **settings,
    }
    (stage.config / "lists" / f"{name}.yaml").write_text(yaml.safe_dump(whole), "utf-8")
    return folder


def taken(here: Site, name: str) -> dict[str, tuple[int, bool]]:
    """Take a list in; gives the reason of each address, and whether it has a time."""
    take_list(here, name)
    state = here.suppression.state()
    rows = pl.concat(here.suppression.bucket(bucket, state) for bucket in range(BUCKETS))
    key = here.keys.get("suppression")
    names = {reference(f"{n}@post.example", key): n for n in "abcdefgh"}
    return {
        names[row["subject_key"]]: (row["reason"], row["occurred_at"] is not None)
        for row in rows.iter_rows(named=True)
    }


def test_r_021_one_list_of_flexmail_mixes_objections_and_dead_mailboxes(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = declared(stage, "flexmail", **FLEXMAIL)
    (folder / "mailing.csv").write_bytes(
        "\ufeffVoornaam;E-mail;Reden\r\n"
        "An;a@post.example;Uitschrijflink\r\nBo;B@POST.EXAMPLE ;rechtstreeks gemeld\r\n"
        "Ch;c@post.example;Klacht\r\nDo;d@post.example;Bounce\r\nEd;e@post.example;Inactief\r\n"
        "Fa;f@post.example;Foutief adres\r\nGi;g@post.example;verhuisd\r\nHa;h@post.example;\r\n".encode()
    )
    found = taken(stage.site(), "flexmail")
    assert found == {
        **dict.fromkeys("abcgh", (OUT, False)),
        **dict.fromkeys("def", (DEAD, False)),
    }
    (told,) = [line for line in capsys.readouterr().err.splitlines() if "objection_unmapped" in line]
    assert "rows=2" in told


def test_r_020_activecampaign_says_who_unsubscribed_in_a_column(stage: Stage) -> None:
    folder = declared(stage, "activecampaign", **ACTIVECAMPAIGN)
    (folder / "contacts.csv").write_text(
        'ID,Email,Tags,Status\n1,a@post.example,"x, y",Unsubscribed\n2,b@post.example,,Excluded\n'
        "3,c@post.example,,Bounced\n4,d@post.example,,Active\n5,e@post.example,,Unconfirmed\n",
        "utf-8",
    )
    found = taken(stage.site(), "activecampaign")
    assert found == {"a": (OUT, False), "b": (OUT, False), "c": (DEAD, False)}


def test_r_039_an_export_of_active_contacts_only_is_no_list_of_nobody(stage: Stage) -> None:
    folder = declared(stage, "activecampaign", **ACTIVECAMPAIGN)
    (folder / "1.csv").write_text("Email,Status\na@post.example,Unsubscribed\n", "utf-8")
    here = stage.site()
    taken(here, "activecampaign")
    (folder / "2.csv").write_text("Email,Status\nb@post.example,Active\nc@post.example,Active\n", "utf-8")
    with pytest.raises(ListRefused, match=r"none of 2 rows says no.*filter"):
        take_list(here, "activecampaign")
    assert here.suppression.state().rows == 1


def test_a_file_that_is_handed_in_to_such_a_list_is_read_as_one(stage: Stage) -> None:
    declared(stage, "activecampaign", **ACTIVECAMPAIGN)
    here = stage.site()
    take_list(
        here, "activecampaign", from_bytes(b"Email,Status\na@post.example,Excluded\nb@post.example,Active\n")
    )
    assert here.suppression.state().rows == 1
    with pytest.raises(ListRefused, match="not there exactly once"):
        take_list(here, "activecampaign", from_bytes(b"c@post.example\n"))


def test_r_024_of_mailchimp_the_file_is_the_status_and_a_time_may_be_outweighed(stage: Stage) -> None:
    header = "Email Address,First Name,UNSUB_TIME,UNSUB_REASON,TAGS"
    row = 'a@post.example,An,2026-03-01 10:00:00,NORMAL,"""VIP"",""Blog"""'
    folder = declared(
        stage, "unsubscribed", column="Email Address", said_at="UNSUB_TIME", pattern="unsubscribed_*.csv"
    )
    # Some exports have carriage returns only.
    (folder / "unsubscribed_email_audience_export_0.csv").write_text(
        f"{header}\r{row}\rb@post.example,Bo,,NORMAL,\r", "utf-8", newline=""
    )
    assert taken(stage.site(), "unsubscribed") == {"a": (OUT, True), "b": (OUT, False)}


def test_a_mailbox_that_was_cleaned_is_out(stage: Stage) -> None:
    folder = declared(
        stage, "cleaned", column="Email Address", reason="EXTERNAL_LIST", pattern="cleaned_*.csv"
    )
    (folder / "cleaned_0.csv").write_text(
        "Email Address,CLEAN_TIME,LEID\na@post.example,2026-03-01 10:00:00,1\n", "utf-8"
    )
    assert taken(stage.site(), "cleaned") == {"a": (DEAD, False)}


@pytest.mark.parametrize("note", [" - UITGESCHREVEN", " (ne plus contacter)", "; uitgeschreven op vraag"])
def test_r_038_a_note_behind_an_address_does_not_hide_it(stage: Stage, note: str) -> None:
    folder = declared(stage, "kept_by_hand")
    (folder / "list.csv").write_text(f"email\na@post.example{note}\n", "utf-8")
    assert taken(stage.site(), "kept_by_hand") == {"a": (OUT, False)}


def test_r_018_an_address_and_a_controller_are_enough_to_say_no(stage: Stage) -> None:
    inbox = stage.home / "inbox" / "objections"
    (inbox / "mailbox.csv").write_text("email,controller\na@post.example,fund\n", "utf-8")
    here = stage.site()
    take_objections(here, "rights_desk")
    state = here.suppression.state()
    (row,) = pl.concat(here.suppression.bucket(bucket, state) for bucket in range(BUCKETS)).rows(named=True)
    assert (row["reason"], row["controller"], row["purpose"], row["recipient"]) == (OUT, "fund", None, None)
    assert row["occurred_at"] is None


def test_r_027_a_file_without_the_columns_of_its_scope_ends_nothing(stage: Stage) -> None:
    inbox = stage.home / "inbox" / "objections"
    (inbox / "mailbox.csv").write_text(
        "email,kind,occurred_at,reference,notified_at\n"
        "a@post.example,restricted,2026-03-01T10:00:00Z,t-1,\n"
        "a@post.example,restriction_lifted,2026-04-01T10:00:00Z,t-1,2026-03-20T10:00:00Z\n",
        "utf-8",
    )
    here = stage.site()
    take_objections(here, "rights_desk")
    state = here.suppression.state()
    rows = pl.concat(here.suppression.bucket(bucket, state) for bucket in range(BUCKETS))
    assert rows.filter("ends")["controller"].to_list() == ["?"]
    assert rows.filter(~pl.col("ends"))["controller"].to_list() == [None]


SHA1 = hashlib.sha1(b"a@post.example", usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("auto", SHA1),
        ("auto", hashlib.sha512(b"a@post.example").hexdigest()),
        ("auto", "0" * 63),
        ("md5", hashlib.sha256(b"a@post.example").hexdigest()),
        ("sha256", SHA1),
        ("sha256", "a@post.example"),
        ("domains", "xx"),
        ("domains", "a@post.example"),
    ],
)
def test_r_039_a_line_that_cannot_be_read_refuses_the_list_by_its_number(
    stage: Stage, form: str, line: str
) -> None:
    good = {"domains": "partner.example", "md5": "0" * 32}.get(form, "0" * 64)
    folder = declared(stage, "partners", form=form)
    (folder / "list.csv").write_text(f"{good}\n{line}\n", "utf-8")
    here = stage.site()
    with pytest.raises(ListRefused, match=r"^.*1 line\(s\) hold n.*first ones: 2\b") as caught:
        take_list(here, "partners")
    assert line not in str(caught.value)
    assert here.suppression.state().rows == 0


def test_r_035_digests_of_both_kinds_addresses_and_domains_rest_under_a_key(stage: Stage) -> None:
    folder = declared(stage, "partners", form="auto")
    digests = [
        hashlib.new(form, b"a@post.example", usedforsecurity=False).hexdigest() for form in ("md5", "sha256")
    ]
    text = f'hash\n0x{digests[0].upper()}\n"{digests[1]}" \nb@post.example\n'
    (folder / "list.csv").write_text(text, "utf-8")
    rules = declared(stage, "domains", form="domains", reason="EXTERNAL_LIST")
    (rules / "domains.csv").write_text("domain\n# ours\npartner.example ; both\n@mail.example\n", "utf-8")
    here = stage.site()
    take_list(here, "partners")
    take_list(here, "domains")
    rest = here.suppression.rest(here.suppression.state())
    key = here.keys.get("suppression")
    expected = [reference(rule, key) for rule in ("@partner.example", ".partner.example", "@mail.example")]
    assert set(expected) <= set(rest["hashed_key"])
    assert rest.height == 5
    assert not {bytes.fromhex(one) for one in digests} & set(rest["hashed_key"])


def test_r_038_a_list_that_needs_more_forms_makes_exports_be_read_again(stage: Stage) -> None:
    before = read_as(stage.site(), "dynamics_contacts")
    declared(stage, "partners", form="md5")
    after = read_as(stage.site(), "dynamics_contacts")
    assert after != before


def test_r_039_the_forms_that_a_list_needed_are_kept_when_its_file_is_gone(stage: Stage) -> None:
    folder = declared(stage, "partners", form="md5", spelling="lower")
    (folder / "list.csv").write_text("0" * 32, "utf-8")
    take_list(stage.site(), "partners")
    before = read_as(stage.site(), "dynamics_contacts")
    (stage.config / "lists" / "partners.yaml").unlink()
    assert kinds_of(stage.site()) == {AliasKind.SHA256, AliasKind.MD5}
    assert read_as(stage.site(), "dynamics_contacts") == before
