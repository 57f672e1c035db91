import pytest

from domain.data_set import DataSet
from tests.config.conftest import EXAMPLE, Copy

PROSPECT = "data_classes/prospect_be.yaml"
CUSTOMER = "data_classes/customer_be.yaml"
RAW = "data_classes/raw_exports.yaml"
SUPPRESSION = "data_classes/suppression_entries.yaml"
IDENTITY = "data_classes/rights_identity.yaml"
DECISIONS = "data_classes/decisions.yaml"
LOG = "data_classes/permanent_log.yaml"
FUND = "controllers/fund.yaml"


def test_r_048_every_data_set_has_exactly_one_class(copy: Copy) -> None:
    kept = [one for each in copy.load().data_classes.values() for one in each.data_sets]
    assert sorted(kept) == sorted(DataSet)


@pytest.mark.parametrize("data_set", list(DataSet))
def test_r_048_a_data_set_without_a_class_is_told(copy: Copy, data_set: DataSet) -> None:
    for path in (copy.folder / "data_classes").iterdir():
        text = path.read_text(encoding="utf-8")
        head, _, tail = text.partition("data_sets: [")
        listed, _, rest = tail.partition("]")
        kept = ", ".join(one for one in listed.split(", ") if one != data_set)
        path.write_text(f"{head}data_sets: [{kept}]{rest}", encoding="utf-8")
    assert copy.only().what == f"no class has the data set `{data_set}` (R-048)"


def test_r_048_a_class_that_cannot_be_read_hides_no_data_set_that_is_missing(copy: Copy) -> None:
    (copy.folder / "data_classes/run_records.yaml").unlink()
    missing = "no class has the data set `manifests` (R-048)"
    copy.change(LOG, "anchor: never", "anchor: now")
    assert [one.what for one in copy.problems()].count(missing) == 1
    copy.change(LOG, "[audit_log]", "[audit_log, manifests]")
    assert missing not in {one.what for one in copy.problems()}
    # What does not say which it has may have any.
    copy.change(LOG, "data_sets: [audit_log, manifests]\n", "")
    assert missing not in {one.what for one in copy.problems()}


def test_r_048_a_data_set_with_two_classes_is_told(copy: Copy) -> None:
    line = copy.change(PROSPECT, "data_sets: []", "data_sets: [membership]")
    told = {(one.file, one.line): one.what for one in copy.problems()}
    assert told == {(PROSPECT, line): "data_classes/platform_lists.yaml has this data set too (R-048)"}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("anchor: last_own_contact", "anchor:", "`anchor` is none of"),
        ("anchor: last_own_contact", "anchor: never", "personal data without an end (R-048)"),
        ("anchor: last_own_contact\n", "", "`anchor` is missing"),
        ("anchor: last_own_contact", "anchor: opened_mail", "`anchor` is none of"),
        ("period_months: 36\n", "", "there is no period (R-048)"),
        ("period_months: 36", "period_months: 12\nperiod_hours: 12", "two periods are none (R-048)"),
        ("period_months: 36", "period_months: 3-30", "`period_months` is not a whole number"),
        ("period_months: 36", "period_months: [3, 30]", "`period_months` is not a whole number"),
    ],
)
def test_r_048_a_class_has_one_period_and_an_event(copy: Copy, old: str, new: str, what: str) -> None:
    copy.change(PROSPECT, f"\n{old}", f"\n{new}")
    told = [one for one in copy.problems() if one.what.startswith(what)]
    assert len(told) == 1
    assert told[0].line > 1 or "missing" in what
    assert "R-048" in told[0].what + told[0].do


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        (PROSPECT, "period_months: 36", "period_months: 37", "R-049"),
        (CUSTOMER, "period_months: 36", "period_months: 37", "R-050"),
        ("data_classes/prospect_fr.yaml", "period_months: 36", "period_months: 37", "R-049"),
        (SUPPRESSION, "period_months: 36", "period_months: 35", "R-036"),
        (SUPPRESSION, "period_months: 36", "period_hours: 8760", "R-036"),
        (RAW, "period_hours: 24", "period_hours: 73", "R-053"),
        (RAW, "period_hours: 24", "period_months: 1", "R-053"),
        (IDENTITY, "period_months: 12", "period_months: 13", "R-058"),
        (IDENTITY, "anchor: request_closed\nperiod_months: 12", "anchor: never", "R-048"),
        (SUPPRESSION, "kind: personal.pseudonymous", "kind: non_personal", "R-100"),
        (RAW, "kind: personal.plaintext", "kind: personal.pseudonymous", "R-100"),
        (PROSPECT, "data_sets: []", "data_sets: []\nwrite_once: true", "R-057"),
        (LOG, "kind: non_personal", "kind: personal.pseudonymous", "R-057"),
        (LOG, "anchor: never", "anchor: never\nperiod_months: 1", "R-048"),
        (PROSPECT, "period_months: 36", "period_hours: 8760", "R-049"),
        (CUSTOMER, "period_months: 36", "period_hours: 8760", "R-050"),
        (SUPPRESSION, "anchor: marketing_stopped", "anchor: received", "R-036"),
        (RAW, "anchor: run_ended", "anchor: superseded", "R-053"),
        (DECISIONS, "anchor: quarter_ended", "anchor: received", "R-108"),
        (DECISIONS, "period_months: 36", "period_months: 11", "R-108"),
        (DECISIONS, "period_months: 36", "period_months: 61", "R-108"),
        (DECISIONS, "period_months: 36", "period_hours: 8760", "R-108"),
        (FUND, "prospect: prospect_be", "prospect: customer_be", "R-049"),
        (FUND, "customer: customer_be", "customer: prospect_fr", "R-050"),
    ],
)
def test_the_bounds_of_a_period_are_enforced(copy: Copy, file: str, old: str, new: str, rule: str) -> None:
    line = copy.change(file, old, new)
    told = [one for one in copy.problems() if rule in one.what]
    assert [one.file for one in told] == [file]
    assert line <= told[0].line <= line + new.count("\n") + 3


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (PROSPECT, "period_months: 36", "period_months: 1"),
        (SUPPRESSION, "period_months: 36", "period_months: 37"),
        (RAW, "period_hours: 24", "period_hours: 72"),
        (IDENTITY, "period_months: 12", "period_hours: 1"),
        (DECISIONS, "period_months: 36", "period_months: 12"),
        (DECISIONS, "period_months: 36", "period_months: 60"),
    ],
)
def test_within_its_bounds_a_period_is_free(copy: Copy, file: str, old: str, new: str) -> None:
    copy.change(file, old, new)
    assert copy.problems() == []


@pytest.mark.parametrize("clock", ["prospect", "customer"])
def test_r_048_every_controller_has_both_clocks(copy: Copy, clock: str) -> None:
    copy.change(FUND, f"  {clock}: {clock}_be\n", "")
    problem = copy.only()
    assert problem.what == f"`{clock}` is missing"
    assert "R-0" in problem.do


def test_the_french_controller_has_clocks_of_its_own() -> None:
    text = (EXAMPLE / "controllers/health_shop.yaml").read_text(encoding="utf-8")
    assert {'country: "FR"', "  prospect: prospect_fr", "  customer: customer_fr"} < set(text.splitlines())
