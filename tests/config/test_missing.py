from datetime import date
from pathlib import Path

import pytest

from config.draft import Draft
from config.missing import missing
from tests.config.conftest import Copy

TODAY = date(2026, 11, 25)
TOKENS = {"SLUICE_GOOGLE_TOKEN": "x", "SLUICE_META_TOKEN": "x", "SLUICE_META_APP_SECRET": "x"}


def told(copy: Copy, today: date = TODAY) -> list[str]:
    draft = Draft.read(copy.folder, copy.environ)
    return [f"{one.file}: {one.what}" for one in missing(draft, environ=copy.environ, today=today)]


@pytest.fixture
def ready(copy: Copy) -> Copy:
    """The example on a machine that lacks nothing."""
    copy.environ |= {**TOKENS, "SLUICE_SANDBOX_URL": "http://127.0.0.1:1"}
    home = Path(copy.environ["SLUICE_HOME"])
    feeds = [f"inbox/{name}/a.csv" for name in ("consents", "objections", "optouts", "partner")]
    for name in ("keys/sluice.keys.json", "inbox/crm/a.xlsx", *feeds):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch(mode=0o600)
    return copy


def test_a_machine_that_has_everything_is_not_warned_about(ready: Copy) -> None:
    assert told(ready) == []


@pytest.mark.parametrize("name", sorted(TOKENS))
def test_a_secret_that_is_not_set_is_named_with_the_line_that_asks_for_it(ready: Copy, name: str) -> None:
    del ready.environ[name]
    draft = Draft.read(ready.folder, ready.environ)
    (warning,) = missing(draft, environ=ready.environ, today=TODAY)
    assert name in ready.text(warning.file).splitlines()[warning.line - 1]
    assert warning.what == f"the secret {name} is not set (R-134)"
    assert f"{name}_FILE" in warning.do


def test_nothing_that_is_missing_is_a_problem_of_the_files(copy: Copy) -> None:
    assert copy.problems() == []
    assert len(told(copy)) == 11


def test_a_key_file_that_others_may_read_is_told(ready: Copy) -> None:
    file = Path(ready.environ["SLUICE_HOME"]) / "keys/sluice.keys.json"
    file.chmod(0o640)
    assert told(ready) == ["organisation.yaml: the key file is open to others (R-133)"]
    file.unlink()
    assert told(ready) == ["organisation.yaml: there is no key file yet (R-133)"]


def test_a_folder_without_a_fitting_file_is_told(ready: Copy) -> None:
    (Path(ready.environ["SLUICE_HOME"]) / "inbox/crm/a.xlsx").rename(ready.folder / "elsewhere")
    assert told(ready) == ["sources/dynamics_contacts.yaml: no file in the folder fits `pattern`"]


@pytest.mark.parametrize(
    ("today", "warned"),
    [
        (date(2027, 6, 14), False),
        (date(2027, 6, 15), True),
        (date(2028, 6, 14), True),
        (date(2028, 6, 15), False),
    ],
)
def test_r_148_a_notice_that_was_not_reviewed_for_a_year_is_told(
    ready: Copy, today: date, warned: bool
) -> None:
    """From the second year on it is no warning any more: config.due blocks."""
    shop = [one for one in told(ready, today) if one.startswith("notices/health_shop.yaml")]
    assert len(shop) == warned
    assert all("12 months ago or more (R-148)" in one for one in shop)


@pytest.mark.parametrize(("last_day", "over"), [("2026-11-24", True), ("2026-11-25", False)])
def test_r_052_an_audience_without_a_campaign_is_told(ready: Copy, last_day: str, over: bool) -> None:
    file = "audiences/travel_customers.yaml"
    ready.write(file, f"{ready.text(file)}campaign_until: {last_day}\n")
    assert told(ready) == [f"{file}: the campaign is over, so the audience counts as unused (R-052)"] * over


def test_what_is_only_planned_lacks_nothing(ready: Copy) -> None:
    file = "destinations/meta_home_help.yaml"
    ready.change(file, "token: SLUICE_META_TOKEN", "token: SLUICE_HOME_HELP_TOKEN")
    assert told(ready) == []
