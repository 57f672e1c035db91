"""Runs a suite on one row of counters and keeps the verdicts, nothing else (R-090, R-091)."""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from domain.errors import CheckFailed
from domain.run import CheckOutcome
from expectations.suites import SUITES, Suite, expected

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.core.batch_definition import BatchDefinition

_LARGEST: Final = 1 << 62
# The engine keys its batches by the name of the asset, so that two threads would see each other's counters.
_ONE_AT_A_TIME: Final = threading.Lock()


def validate(suite: str, counters: Mapping[str, int]) -> list[CheckOutcome]:
    """Judge counters by a suite, one outcome a counter, in the order of the suite.

    Needs:  ``counters`` computed over every row; exactly the counters of the suite, as whole numbers
    Gives:  outcomes with counts; a check that could not be evaluated has failed

    Raises:
        CheckFailed: an unknown suite, a missing or an unknown counter, anything but an ``int``.
    """
    declared = _declared(suite)
    _require_counters(suite, declared, counters)
    with _ONE_AT_A_TIME:
        verdicts = _verdicts(suite, counters)
    return [
        CheckOutcome(
            suite=suite,
            check=check.counter,
            success=verdicts[check.counter],
            evaluated=counters[declared.rows],
            failed=0 if verdicts[check.counter] else max(1, check.excess(counters)),
        )
        for check in declared.checks
    ]


def require(checks: Sequence[CheckOutcome]) -> None:
    """Stop unless every check holds; no checks at all is no yes.

    Raises:
        CheckFailed: names the checks that failed, with their counts.
    """
    if not checks:
        raise CheckFailed(what="no check was evaluated", do="Report this: a step ran without its suite")
    failed = [check for check in checks if not check.success]
    if failed:
        told = ", ".join(f"{check.check} {check.failed} of {check.evaluated}" for check in failed)
        raise CheckFailed(
            what=told,
            do="Nothing was changed or sent; find out where these rows come from, then run again",
            place=f"suite {failed[0].suite}",
        )


def _declared(suite: str) -> Suite:
    if suite not in SUITES:
        raise CheckFailed(
            what="a suite that does not exist", do=f"Use one of: {', '.join(SUITES)}", place="suites"
        )
    return SUITES[suite]


def _require_counters(name: str, suite: Suite, counters: Mapping[str, int]) -> None:
    """Names that we do not know are counted, not quoted: they may come from data."""
    missing = sorted(suite.counters - counters.keys())
    unknown = len(counters.keys() - suite.counters)
    # bool is an int to Python, numpy's integers are not: only a plain count passes.
    foreign = sorted(
        check.counter
        for check in suite.checks
        if check.counter in counters and not _is_count(counters[check.counter])
    )
    if missing or unknown or foreign:
        raise CheckFailed(
            what=f"missing counters: {missing}; unknown counters: {unknown}; not a whole number: {foreign}",
            do="Hand over exactly the counters of the suite, as int",
            place=f"suite {name}",
        )


def _is_count(value: object) -> bool:
    return type(value) is int and -_LARGEST < value < _LARGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engine:
    counters: BatchDefinition[Any]
    suites: Mapping[str, ExpectationSuite]


@functools.cache
def _engine() -> _Engine:
    """Great Expectations in memory: no analytics, no data docs, no progress bars, nothing on the disk.

    Imported here, because it takes seconds and hundreds of megabytes that most commands never need.
    """
    with warnings.catch_warnings():
        # It imports a deprecated module of the standard library.
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    asset = context.data_sources.add_pandas("counters").add_dataframe_asset("counters")
    return _Engine(
        counters=asset.add_batch_definition_whole_dataframe("one row"),
        suites={name: expected(name) for name in SUITES},
    )


def _verdicts(suite: str, counters: Mapping[str, int]) -> dict[str, bool]:
    """Counter to yes or no; several expectations on one counter must all hold, and an exception is a no."""
    engine, names = _engine(), SUITES[suite].counters
    row = pl.DataFrame(
        {name: [counters[name]] for name in sorted(names)}, schema_overrides=dict.fromkeys(names, pl.Int64)
    )
    batch = engine.counters.get_batch(batch_parameters={"dataframe": row.to_pandas()})
    result = batch.validate(engine.suites[suite], result_format="BOOLEAN_ONLY")
    judged: dict[str, list[bool]] = {name: [] for name in names}
    for outcome in result.results:
        meta = outcome.expectation_config.meta if outcome.expectation_config else None
        judged[(meta or {})["check"]].append(outcome.success is True)
    whole = len(result.results) == len(engine.suites[suite].expectations)
    return {name: whole and bool(said) and all(said) for name, said in judged.items()}
