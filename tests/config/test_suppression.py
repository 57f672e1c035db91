"""What a suppression list may declare: its form, the words of a mailing tool, and since when (R-021, R-038, R-046)."""

import pytest

from config.coverage import not_applicable
from config.draft import Draft
from config.suppression import alias_kinds
from domain.alias import AliasKind
from tests.config.conftest import Copy

FILE = "lists/mailing.yaml"
MAILING = """\
author: data_team
location: inbox/mailing
form: plain
column: E-mail
reason: OBJECTED
channel: email
"""
STATUS = """\
status:
  column: Reden
  objected: [uitschrijflink, klacht]
  undeliverable: [bounce]
  says_nothing: [actief]
"""


def faults(copy: Copy, text: str) -> list[tuple[int, str]]:
    copy.write(FILE, text)
    return [(one.line, one.what) for one in copy.problems()]


def test_a_list_of_a_mailing_tool_is_sound(copy: Copy) -> None:
    assert faults(copy, f"{MAILING}said_at: Datum\n{STATUS}") == []


@pytest.mark.parametrize(
    ("old", "new", "line", "rule"),
    [
        ("column: E-mail\n", "", 6, "R-021"),
        ("reason: OBJECTED", "reason: DECEASED", 5, "R-024"),
        ("[bounce]", "[bounce, Klacht]", 10, "R-007"),
        ("[actief]", "[actief, UITSCHRIJFLINK]", 11, "R-007"),
    ],
)
def test_a_status_that_could_mean_two_things_is_refused(
    copy: Copy, old: str, new: str, line: int, rule: str
) -> None:
    ((found, what),) = faults(copy, (MAILING + STATUS).replace(old, new))
    assert found == line
    assert rule in what


def test_r_024_a_time_outweighs_nothing_that_nobody_said(copy: Copy) -> None:
    text = MAILING.replace("OBJECTED", "EXTERNAL_LIST") + "said_at: Datum\n"
    ((line, what),) = faults(copy, text)
    assert line == 5
    assert "R-024" in what


def test_domains_have_no_status(copy: Copy) -> None:
    ((line, what),) = faults(copy, f"{MAILING}said_at: Datum\n".replace("plain", "domains"))
    assert line == 7
    assert "domains" in what


@pytest.mark.parametrize(
    ("form", "spelling", "kinds"),
    [
        ("plain", "any", set()),
        ("sha256", "lower", {AliasKind.SHA256}),
        ("sha256", "any", {AliasKind.SHA256, AliasKind.SHA256_ODD}),
        ("md5", "lower", {AliasKind.MD5}),
        ("md5", "any", {AliasKind.MD5, AliasKind.MD5_ODD}),
        ("domains", "any", {AliasKind.DOMAIN}),
        ("auto", "lower", {AliasKind.SHA256, AliasKind.MD5}),
        ("auto", "any", set(AliasKind) - {AliasKind.DOMAIN}),
    ],
)
def test_r_038_a_list_says_what_has_to_be_kept_so_that_it_finds_somebody(
    copy: Copy, form: str, spelling: str, kinds: set[AliasKind]
) -> None:
    copy.write(FILE, MAILING.replace("plain", form) + f"spelling: {spelling}\n")
    lists = copy.load().lists
    assert lists["mailing"].aliases == kinds
    # The example has a list of SHA-256 of its own.
    assert alias_kinds(lists.values()) == kinds | {AliasKind.SHA256}
    copy.change(FILE, "channel: email", "channel: phone")
    assert copy.load().lists["mailing"].aliases == set()


def test_r_038_without_a_word_about_the_spelling_every_one_counts(copy: Copy) -> None:
    copy.write(FILE, MAILING.replace("form: plain\n", ""))
    assert copy.load().lists["mailing"].aliases == set(AliasKind) - {AliasKind.DOMAIN}


@pytest.mark.parametrize("channel", ["phone", "post", "sms"])
def test_r_046_a_list_about_another_channel_is_told_with_its_line(copy: Copy, channel: str) -> None:
    copy.write(FILE, MAILING.replace("channel: email", f"channel: {channel}"))
    ((file, line, what),) = [
        (one.file, one.line, one.what) for one in not_applicable(Draft.read(copy.folder, copy.environ))
    ]
    assert (file, line) == (FILE, 6)
    assert channel in what
