import pytest

from config.consent import ConsentTable
from tests.config.conftest import Copy

FEED = "consents/preference_centre.yaml"

CSV = """kind: csv
columns:
  event_id: Id
  email: E-mail
  status: Antwoord
  occurred_at: Tijdstip
  wording_digest: Tekst
  locale: Taal
  notice_version: Versie
  evidence_ref: Bewijs
constants: {controller: fund, purpose: ad_platform_match, recipient: google_ireland, channel: form, method: checkbox}
words: {granted: [Ja, Oui], withdrawn: [Nee, Non]}
"""
DYNAMICS = """kind: dynamics
table: msdynmkt_contactpointconsent4
purposes:
  - id: "0a1b2c3d-0000-0000-0000-000000000001"
    controller: fund
    purpose: ad_platform_match
    recipients: [google_ireland, meta_ireland]
    notice_version: "2026-01"
    wording: Ja, ik wil advertenties van het ziekenfonds zien
    locale: nl
sources:
  "534120004": {channel: preference_centre, method: checkbox}
"""


@pytest.fixture
def csv(copy: Copy) -> Copy:
    copy.change(FEED, "kind: events\n", CSV)
    return copy


@pytest.fixture
def dynamics(copy: Copy) -> Copy:
    copy.change(FEED, "kind: events\n", DYNAMICS)
    return copy


def test_every_kind_of_feed_can_be_written(csv: Copy) -> None:
    assert csv.problems() == []
    csv.change(FEED, CSV, DYNAMICS)
    assert csv.load().consents["preference_centre"].table is ConsentTable.CURRENT
    csv.change(FEED, DYNAMICS, "")
    assert csv.load().consents["preference_centre"].kind == "events"


@pytest.mark.parametrize("key", ["event_id", "email", "status", "occurred_at", "wording_digest", "locale"])
def test_r_005_a_column_for_every_part_of_the_proof(csv: Copy, key: str) -> None:
    lines = csv.text(FEED).splitlines(keepends=True)
    csv.write(FEED, "".join(line for line in lines if not line.startswith(f"  {key}:")))
    assert csv.only().what == f"nothing gives `{key}`, without which no consent counts (R-005)"


def test_r_005_a_file_of_withdrawals_needs_no_proof(csv: Copy) -> None:
    csv.change(FEED, "granted: [Ja, Oui]", "granted: []")
    csv.change(FEED, "  wording_digest: Tekst\n", "")
    assert csv.problems() == []


@pytest.mark.parametrize("field", ["event_id", "email", "status", "occurred_at"])
def test_r_001_nobody_is_in_because_the_file_says_so_of_everybody(csv: Copy, field: str) -> None:
    lines = csv.text(FEED).splitlines(keepends=True)
    csv.write(FEED, "".join(line for line in lines if not line.startswith(f"  {field}:")))
    csv.change(FEED, "constants: {", f"constants: {{{field}: Ja, ")
    assert csv.only().what == f"the same `{field}` for everybody: nobody is in by default (R-001)"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("constants: {", "constants: {locale: nl, ", "`locale` has a column too (R-005)"),
        (
            "  wording_digest: Tekst",
            "  wording_digest: TIJDSTIP",
            "the column of `wording_digest` is read twice (R-005)",
        ),
        ("granted: [Ja,", "granted: [Ja, NEE,", "this word means yes and no (R-007)"),
        ("controller: fund", "controller: found", "`controller` names no file in controllers/ (R-004)"),
        ("purpose: ad_platform_match", "purpose: ads", "`purpose` names no file in purposes/ (R-002)"),
        ("recipient: google_ireland", "recipient: google", "no destination has this recipient (R-004)"),
        ("columns:\n", "colour: red\ncolumns:\n", "`colour` is not known here"),
        ("  locale: Taal", "  colour: Taal", "`colour` is not known here"),
        (
            "words: {granted: [Ja, Oui], withdrawn: [Nee, Non]}\n",
            "",
            "`kind: csv` needs `words` (R-005)",
        ),
        (
            "\nkind: csv",
            "\nkind: csv\ntable: msdynmkt_consent",
            "`table` means nothing to `kind: csv` (R-005)",
        ),
    ],
)
def test_what_a_csv_says_is_looked_at(csv: Copy, old: str, new: str, what: str) -> None:
    csv.change(FEED, old, new)
    assert what in {one.what for one in csv.problems()}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("table: msdynmkt_contactpointconsent4\n", "", "`kind: dynamics` needs `table` (R-005)"),
        (
            'notice_version: "2026-01"',
            'notice_version: "2026-02"',
            "no notice of that controller has this version (R-010)",
        ),
        ("controller: fund", "controller: found", "`controller` names no file in controllers/ (R-004)"),
        ("purpose: ad_platform_match", "purpose: ads", "`purpose` names no file in purposes/ (R-002)"),
        (
            "[google_ireland, meta_ireland]",
            "[google_ireland, meta]",
            "no destination has this recipient (R-004)",
        ),
        ("    locale: nl\n", "", "`locale` is missing"),
        ("    wording: Ja, ik wil advertenties van het ziekenfonds zien\n", "", "`wording` is missing"),
        ('  "534120004": {channel', "  form: {channel", "`form` is not known here"),
        ("\nkind: dynamics", "\nkind: events", "`purposes` means nothing to `kind: events` (R-005)"),
    ],
)
def test_what_a_dynamics_table_says_is_looked_at(dynamics: Copy, old: str, new: str, what: str) -> None:
    dynamics.change(FEED, old, new)
    assert what in {one.what for one in dynamics.problems()}


def test_r_004_a_destination_that_cannot_be_read_still_has_its_recipient(dynamics: Copy) -> None:
    file, what = "destinations/meta_ads.yaml", "no destination has this recipient (R-004)"
    dynamics.change(file, "platform: meta", "platform: none")
    dynamics.change("destinations/meta_home_help.yaml", "recipient: meta_ireland", "recipient: meta_limited")
    assert what not in {one.what for one in dynamics.problems()}
    dynamics.change(FEED, "[google_ireland, meta_ireland]", "[google_ireland, meta_ireland, tiktok]")
    assert what in {one.what for one in dynamics.problems()}
    # One that does not say which recipient it has may have any.
    dynamics.change(file, "recipient: meta_ireland\n", "")
    assert what not in {one.what for one in dynamics.problems()}


@pytest.mark.parametrize(
    "table", ["msdynmkt_contactpointconsent2", "msdynmkt_contactpointconsent3", "contacts"]
)
def test_r_007_a_table_whose_codes_nobody_knows_is_refused(dynamics: Copy, table: str) -> None:
    """The same number means yes in one table and no in another."""
    dynamics.change(FEED, "table: msdynmkt_contactpointconsent4", f"table: {table}")
    assert [one.what.split(" none")[0] for one in dynamics.problems()] == ["`table` is"]


def test_r_004_a_purpose_stands_once(dynamics: Copy) -> None:
    block = DYNAMICS[DYNAMICS.index("  - id:") : DYNAMICS.index("sources:")]
    dynamics.change(FEED, block, block + block.replace("0a1b2c3d", "0A1B2C3D"))
    assert dynamics.only().what == "this purpose stands twice (R-004)"
