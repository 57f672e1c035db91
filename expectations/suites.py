"""What must hold of the counters of a step, one suite a step. Counters go in, never a value (R-090)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one counter may be: within fixed bounds, or no more than another counter of the suite."""

    counter: str
    least: int | None = None
    most: int | None = None
    no_more_than: str = ""

    def excess(self, counters: Mapping[str, int]) -> int:
        """How far the counter lies outside what it may be; 0 inside."""
        value = counters[self.counter]
        most = counters[self.no_more_than] if self.no_more_than else self.most
        above = value - most if most is not None else 0
        below = self.least - value if self.least is not None else 0
        return max(0, above, below)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The closed list of counters of a step. ``rows`` names the one that says how many rows were looked at."""

    rows: str
    checks: tuple[Check, ...]

    @property
    def counters(self) -> frozenset[str]:
        """Names of all counters: these, all of them, and no other."""
        return frozenset(check.counter for check in self.checks)


def _none_of(*counters: str) -> tuple[Check, ...]:
    """Defects, and differences of two counts: a negative one is as wrong as a positive one."""
    return tuple(Check(counter=counter, least=0, most=0) for counter in counters)


SUITES: Final[Mapping[str, Suite]] = {
    # What was read: nothing at all, or more malformed, unreadable, forbidden or lost rows than the source allows.
    "export": Suite(
        rows="rows_read",
        checks=(
            Check(counter="rows_read", least=1),
            Check(counter="rows_malformed", least=0, no_more_than="rows_read"),
            *_none_of(
                "rows_malformed_over_limit",
                "rows_unknown_over_limit",
                "rows_forbidden_over_limit",
                "rows_lost_over_limit",
                "canaries_missing",
            ),
        ),
    ),
    # What was made of it: whole keys, one row a subject, no export row unaccounted for.
    "subjects": Suite(
        rows="rows",
        checks=(
            Check(counter="rows", least=0),
            *_none_of(
                "rows_without_key", "keys_wrong_length", "keys_duplicate", "digests_wrong_length", "rows_lost"
            ),
        ),
    ),
    # What is about to leave. No rows is no defect: most days a list only loses people.
    "outbound": Suite(
        rows="rows",
        checks=(
            Check(counter="rows", least=0),
            *_none_of(
                "digests_null",
                "digests_wrong_length",
                "digests_duplicate",
                "digests_placeholder",
                "digests_suppressed",
                "rows_without_consent",
                "rows_unaccounted",
            ),
        ),
    ),
}


def expected(name: str) -> ExpectationSuite:
    """The suite in great-expectations' own terms; each expectation carries its counter's name as ``check``."""
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.core.expect_column_pair_values_a_to_be_greater_than_b import (
        ExpectColumnPairValuesAToBeGreaterThanB,
    )
    from great_expectations.expectations.core.expect_column_values_to_be_between import (
        ExpectColumnValuesToBeBetween,
    )

    suite = ExpectationSuite(name=name)
    for check in SUITES[name].checks:
        meta = {"check": check.counter}
        if check.least is not None or check.most is not None:
            between = ExpectColumnValuesToBeBetween(
                column=check.counter, min_value=check.least, max_value=check.most, meta=meta
            )
            suite.add_expectation(between)
        if check.no_more_than:
            within = ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=check.no_more_than, column_B=check.counter, or_equal=True, meta=meta
            )
            suite.add_expectation(within)
    return suite
