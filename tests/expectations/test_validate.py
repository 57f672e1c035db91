"""Only counters go in, only verdicts come out."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from domain.errors import CheckFailed
from domain.run import CheckOutcome
from expectations.validate import require, validate
from tests.expectations.test_suites import CLEAN

# Stands for any value that must not be quoted.
CANARY = "els.canary@value.example"

NO_COUNT: list[Any] = [
    CANARY,
    CANARY.encode(),
    None,
    True,
    1.0,
    float("nan"),
    "1",
    [0],
    np.int64(0),
    1 << 62,
    -(1 << 62),
]


@pytest.mark.parametrize("value", NO_COUNT, ids=lambda value: type(value).__name__)
def test_anything_but_a_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(CheckFailed, match="rows_unknown_over_limit") as told:
        validate("export", {**CLEAN["export"], "rows_unknown_over_limit": value})
    assert CANARY not in f"{told.value!r}{told.value}{vars(told.value)}"
    assert CANARY.encode() not in pickle.dumps(told.value)


@pytest.mark.parametrize("name", [CANARY, "rows_sent", "", "ROWS_READ"])
def test_an_unknown_counter_is_refused_and_not_quoted(name: str) -> None:
    with pytest.raises(CheckFailed, match="unknown counters: 1") as told:
        validate("export", {**CLEAN["export"], name: 0})
    assert CANARY not in f"{told.value!r}{told.value}{vars(told.value)}"


@pytest.mark.parametrize("counter", sorted(CLEAN["outbound"]))
def test_a_missing_counter_is_refused_by_name(counter: str) -> None:
    counters = {name: value for name, value in CLEAN["outbound"].items() if name != counter}
    with pytest.raises(CheckFailed, match=counter):
        validate("outbound", counters)


def test_an_unknown_suite_is_refused_and_not_quoted() -> None:
    with pytest.raises(CheckFailed, match="export, subjects, outbound") as told:
        validate(CANARY, {})
    assert CANARY not in str(told.value)


def test_no_check_at_all_is_no_yes() -> None:
    with pytest.raises(CheckFailed):
        require([])


def test_one_failed_check_among_many_stops() -> None:
    passed = validate("subjects", CLEAN["subjects"])
    lost = CheckOutcome(suite="subjects", check="rows_lost", success=False, evaluated=40, failed=2)
    with pytest.raises(CheckFailed, match="rows_lost 2 of 40"):
        require([*passed, lost])


def test_the_engine_is_asked_for_booleans_only(monkeypatch: pytest.MonkeyPatch) -> None:
    validate("export", CLEAN["export"])  # imports the engine, past its warnings
    import great_expectations.datasource.fluent.interfaces as fluent

    formats: list[object] = []
    real = fluent.Batch.validate

    def spied(self: Any, expect: Any, **given: Any) -> Any:
        result = real(self, expect, **given)
        formats.append(given["result_format"])
        assert all(not outcome.result for outcome in result.results)
        return result

    monkeypatch.setattr(fluent.Batch, "validate", spied)
    assert not validate("export", {**CLEAN["export"], "rows_unknown_over_limit": 5})[3].success
    assert formats == ["BOOLEAN_ONLY"]


def test_a_check_that_was_not_evaluated_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    validate("export", CLEAN["export"])  # imports the engine, past its warnings
    import great_expectations.datasource.fluent.interfaces as fluent

    real = fluent.Batch.validate

    def forgetful(self: Any, expect: Any, **given: Any) -> Any:
        result = real(self, expect, **given)
        result.results.pop()
        return result

    monkeypatch.setattr(fluent.Batch, "validate", forgetful)
    with pytest.raises(CheckFailed):
        require(validate("export", CLEAN["export"]))


def test_an_exception_inside_the_engine_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    real = pl.DataFrame.to_pandas
    monkeypatch.setattr(pl.DataFrame, "to_pandas", lambda frame: real(frame.drop("rows_unknown_over_limit")))
    checks = validate("export", CLEAN["export"])
    assert {check.check for check in checks if not check.success} >= {"rows_unknown_over_limit"}


def test_threads_do_not_see_each_others_counters() -> None:
    def judged(planted: int) -> list[int]:
        counters = {**CLEAN["subjects"], "rows_lost": planted}
        return [check.failed for check in validate("subjects", counters) if check.check == "rows_lost"]

    asked = [n % 3 for n in range(24)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(judged, asked)) == [[planted] for planted in asked]
