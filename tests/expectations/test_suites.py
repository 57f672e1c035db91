"""Each check of each suite notices its own defect, and only its own."""

from __future__ import annotations

import pytest

from domain.errors import CheckFailed
from domain.run import CheckOutcome
from expectations.suites import SUITES
from expectations.validate import require, validate

ROWS = 40

CLEAN = {
    name: {check.counter: ROWS if check.counter == suite.rows else 0 for check in suite.checks}
    for name, suite in SUITES.items()
}

# Suite, counter, planted value, how many the outcome must count.
DEFECTS = [
    ("export", "rows_read", 0, 1),
    ("export", "rows_malformed", ROWS + 3, 3),
    ("export", "rows_malformed", -1, 1),
    ("subjects", "rows", -1, 1),
    ("outbound", "rows", -2, 2),
    *(
        (name, check.counter, planted, abs(planted))
        for name, suite in SUITES.items()
        for check in suite.checks
        if (check.least, check.most) == (0, 0)
        for planted in (1, 7, -1)
    ),
]


def failing(checks: list[CheckOutcome]) -> set[str]:
    return {check.check for check in checks if not check.success}


@pytest.mark.parametrize("suite", SUITES)
def test_clean_counters_pass_every_check(suite: str) -> None:
    checks = validate(suite, CLEAN[suite])
    assert [check.check for check in checks] == [check.counter for check in SUITES[suite].checks]
    assert all(check.success and check.failed == 0 and check.evaluated == ROWS for check in checks)
    require(checks)


@pytest.mark.parametrize(("suite", "counter", "planted", "counted"), DEFECTS)
def test_a_planted_defect_fails_its_own_check(suite: str, counter: str, planted: int, counted: int) -> None:
    checks = validate(suite, {**CLEAN[suite], counter: planted})
    assert failing(checks) == {counter}
    assert next(check.failed for check in checks if check.check == counter) == counted
    with pytest.raises(CheckFailed) as told:
        require(checks)
    assert counter in str(told.value)
    assert suite in str(told.value)


def test_a_defect_is_planted_for_every_check() -> None:
    planted = {(suite, counter) for suite, counter, *_ in DEFECTS}
    assert planted == {(name, counter) for name, suite in SUITES.items() for counter in suite.counters}


def test_every_malformed_row_is_still_a_read_row() -> None:
    assert not failing(validate("export", {**CLEAN["export"], "rows_malformed": ROWS}))


def test_a_batch_without_rows_is_no_defect() -> None:
    assert not failing(validate("outbound", {**CLEAN["outbound"], "rows": 0}))


def test_several_defects_are_all_named() -> None:
    checks = validate("outbound", {**CLEAN["outbound"], "digests_null": 2, "digests_suppressed": 1})
    with pytest.raises(CheckFailed, match=r"digests_null 2 of 40, digests_suppressed 1 of 40"):
        require(checks)


def test_a_call_does_not_remember_the_one_before() -> None:
    assert failing(validate("export", {**CLEAN["export"], "rows_lost_over_limit": 1})) == {
        "rows_lost_over_limit"
    }
    assert not failing(validate("export", CLEAN["export"]))
