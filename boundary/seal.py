"""The seal around every step that can see an address (R-089)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

from domain.errors import PipelineError, Sealed

P = ParamSpec("P")
R = TypeVar("R")


def _told(name: str, exc: BaseException) -> PipelineError:
    """Our own error for any failure: ours passes, anything else is reduced to its type.

    Panics of Rust libraries are no ``Exception``, and each library has its own type of them. Interrupts and exits are
    no failures: they pass, without what they interrupted.
    """
    if not isinstance(exc, Exception) and type(exc).__name__ != "PanicException":
        exc.__cause__ = exc.__context__ = None
        raise exc
    if isinstance(exc, PipelineError):
        return exc.with_traceback(None)
    kind = f"{type(exc).__module__}.{type(exc).__qualname__}"
    return Sealed(
        what=f"{kind} inside a plaintext step",
        do="Run again; if it stays, report this code and the place to the engineers",
        place=name,
    )


def sealed(work: Callable[P, R]) -> Callable[P, R]:
    """Let only our own errors out of ``work``: no foreign text, cause, context or traceback.

    Polars, pydantic, pyarrow and SDKs quote the value they choke on, and the orchestrator stores that text.
    Interrupts and exits pass.
    """

    @functools.wraps(work)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(*args, **kwargs)
        except BaseException as exc:  # noqa: BLE001
            failure = _told(work.__qualname__, exc)
        # Raised outside the except block, so that Python attaches no context.
        failure.__cause__ = failure.__context__ = None
        raise failure

    inner.__sluice_sealed__ = True  # type: ignore[attr-defined]
    return inner


def sealed_rows(work: Callable[P, Iterator[R]]) -> Callable[P, Iterator[R]]:
    """The same seal for a generator, around each of its steps."""

    @functools.wraps(work)
    def inner(*args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        try:
            yield from work(*args, **kwargs)
            return
        except BaseException as exc:  # noqa: BLE001
            failure = _told(work.__qualname__, exc)
        failure.__cause__ = failure.__context__ = None
        raise failure

    inner.__sluice_sealed__ = True  # type: ignore[attr-defined]
    return inner
