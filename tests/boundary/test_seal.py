"""Nothing but our own words gets out of a sealed step (R-089)."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import NoReturn

import polars as pl
import pyarrow as pa
import pytest
from polars.exceptions import PanicException

from boundary.seal import sealed, sealed_rows
from domain.errors import ExportRefused, PipelineError, PlatformUnavailable, Sealed

CANARY = "els.kanarie@voorbeeld.example"


class OtherPanic(BaseException):
    """Every Rust library brings its own class for panics, none of them an Exception."""


OtherPanic.__name__ = "PanicException"


def cast_in_polars() -> NoReturn:
    pl.Series([CANARY]).cast(pl.Int64)
    raise AssertionError("polars took a text for a number")


def read_in_pyarrow() -> NoReturn:
    pa.array([CANARY]).cast(pa.int64())
    raise AssertionError("pyarrow took a text for a number")


def panic() -> NoReturn:
    raise PanicException(CANARY)


def other_panic() -> NoReturn:
    raise OtherPanic(CANARY)


def chained() -> NoReturn:
    try:
        raise KeyError(CANARY)
    except KeyError as exc:
        raise ValueError(CANARY) from exc


def noted() -> NoReturn:
    failure = ValueError("x")
    failure.add_note(CANARY)
    raise failure


def grouped() -> NoReturn:
    raise ExceptionGroup(CANARY, [ValueError(CANARY)])


def ours_from_theirs() -> NoReturn:
    try:
        cast_in_polars()
    except pl.exceptions.PolarsError as exc:
        raise ExportRefused(what="a wrong column", do="Correct it", place="row 3") from exc


FOREIGN = [cast_in_polars, read_in_pyarrow, panic, other_panic, chained, noted, grouped]


def everything_about(failure: BaseException) -> str:
    shown = [
        str(failure),
        repr(failure),
        repr(failure.args),
        repr(vars(failure)),
        repr(failure.__notes__ or ""),
    ]
    shown += traceback.format_exception(failure)
    return "\n".join(shown) + pickle.dumps(failure).decode("latin-1")


def caught(work: Callable[[], object]) -> PipelineError:
    with pytest.raises(PipelineError) as info:
        work()
    failure = info.value
    failure.__notes__ = getattr(failure, "__notes__", [])
    return failure


def as_rows(work: Callable[[], object]) -> Callable[[], object]:
    @sealed_rows
    def rows() -> Iterator[object]:
        yield 1
        yield work()

    return lambda: list(rows())


@pytest.mark.parametrize("wrap", [sealed, as_rows], ids=["function", "generator"])
@pytest.mark.parametrize("work", FOREIGN, ids=lambda work: work.__name__)
def test_a_foreign_failure_is_reduced_to_its_type(
    work: Callable[[], object], wrap: Callable[[Callable[[], object]], Callable[[], object]]
) -> None:
    failure = caught(wrap(work))
    assert isinstance(failure, Sealed)
    assert failure.__cause__ is None
    assert failure.__context__ is None
    # Not `CANARY not in ...`: a failing assertion would print it.
    assert everything_about(failure).count(CANARY) == 0


def test_the_type_of_a_foreign_failure_is_told() -> None:
    assert "builtins.ValueError" in str(caught(sealed(chained)))


@pytest.mark.parametrize("wrap", [sealed, as_rows], ids=["function", "generator"])
def test_our_own_error_passes_without_what_caused_it(
    wrap: Callable[[Callable[[], object]], Callable[[], object]],
) -> None:
    failure = caught(wrap(ours_from_theirs))
    assert type(failure) is ExportRefused
    assert failure.place == "row 3"
    assert failure.__cause__ is None
    assert failure.__context__ is None
    assert everything_about(failure).count(CANARY) == 0


def test_locals_of_the_sealed_step_are_not_in_the_traceback() -> None:
    def step() -> None:
        kept = CANARY
        raise ExportRefused(what=f"{len(kept)} bytes", do="x")

    failure = caught(sealed(step))
    frames = [frame for frame, _ in traceback.walk_tb(failure.__traceback__)]
    assert frames
    assert sum(CANARY in map(str, frame.f_locals.values()) for frame in frames) == 0


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_interrupts_pass_without_what_they_interrupted(kind: type[BaseException]) -> None:
    @sealed
    def interrupted() -> None:
        try:
            raise ValueError(CANARY)
        except ValueError:
            raise kind from None

    with pytest.raises(kind) as info:
        interrupted()
    assert info.value.__context__ is None


def test_a_closed_generator_is_no_failure() -> None:
    @sealed_rows
    def rows() -> Iterator[int]:
        yield 1
        yield 2

    started = rows()
    assert next(started) == 1
    started.close()  # type: ignore[attr-defined]


def test_results_and_rows_pass_unchanged() -> None:
    @sealed
    def add(left: int, *, right: int) -> int:
        return left + right

    @sealed_rows
    def count(limit: int) -> Iterator[int]:
        yield from range(limit)

    assert add(1, right=2) == 3
    assert list(count(3)) == [0, 1, 2]


def test_errors_survive_pickling() -> None:
    failure = PlatformUnavailable(what="no answer", do="Wait", place="google")
    again = pickle.loads(pickle.dumps(failure))  # noqa: S301
    assert type(again) is PlatformUnavailable
    assert (again.what, again.do, again.place, str(again)) == ("no answer", "Wait", "google", str(failure))
