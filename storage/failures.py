"""Failures of a disk or a service, told in our own words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from domain.errors import StorageFailed

Method = TypeVar("Method", bound=Callable[..., Any])


def spoken(translated: Callable[[Exception, str], StorageFailed | None]) -> Callable[[Method], Method]:
    """For a method whose first argument is a name: what ``translated`` knows becomes ours, with no foreign text attached."""

    def decorator(work: Method) -> Method:
        @functools.wraps(work)
        def inner(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
            try:
                return work(self, name, *args, **kwargs)
            except Exception as exc:
                told = translated(exc, name)
                if told is None:
                    raise
            # Raised outside the except block, so that Python attaches no context.
            raise told

        return cast("Method", inner)

    return decorator
