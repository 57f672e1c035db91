"""A personal value that cannot be shown, pickled or sent by accident (R-089, R-102)."""

from __future__ import annotations

from typing import Final, NoReturn, final

_SHOWN: Final = "<plaintext>"


@final
class Plaintext:
    """Holds one value for the few places that need a single address (look-ups, opt-outs on standard input).

    Not a ``str`` subclass: those leak through ``%s``, ``+`` and JSON. ``reveal`` is what a sealed step calls.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the value to a sealed step."""
        return self._value

    def __repr__(self) -> str:
        return _SHOWN

    def __format__(self, spec: str) -> str:
        return _SHOWN

    def __reduce__(self) -> NoReturn:
        raise TypeError("plaintext does not leave the process")
