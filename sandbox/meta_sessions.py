"""Sessions in which an audience is replaced (platforms.md 2.2, 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

OPEN_SECONDS: Final = 90 * 60
_RUNNING, _BAD_FIRST, _FINISHED, _TIMED_OUT = 1870145, 1870147, 1870159, 1870158


class MetaRefusal(Exception):  # noqa: N818 - not an error of ours, an answer
    """Code and subcode of an error."""

    def __init__(self, code: int, subcode: int, message: str) -> None:
        self.code, self.subcode, self.message = code, subcode, message
        super().__init__(message)


@dataclass(slots=True, kw_only=True)
class Session:
    """One replacement: the parts that came so far."""

    began: float
    parts: int = 0
    is_finished: bool = False
    is_failed: bool = False
    digests: list[bytes] = field(default_factory=list)


class Sessions:
    """Sessions by audience and number; one at a time is open for an audience. The caller holds a lock."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, int], Session] = {}

    def is_open(self, list_id: str, now: float, *, but: int | None = None) -> bool:
        """Whether a replacement of an audience is under way, other than ``but``."""
        return any(
            one == list_id
            and number != but
            and not session.is_finished
            and now - session.began < OPEN_SECONDS
            for (one, number), session in self._sessions.items()
        )

    def timed_out(self, now: float) -> Iterator[tuple[str, Session]]:
        """Sessions that ran out of time before their last part, with their audience; each comes once."""
        for (list_id, _), session in self._sessions.items():
            if not session.is_finished and not session.is_failed and now - session.began >= OPEN_SECONDS:
                session.is_failed = True
                yield list_id, session

    def taken(self, list_id: str, stated: Any, now: float) -> Session:
        """The session of a part, moved on by it.

        Raises:
            MetaRefusal: no session, a part out of turn, or a session that is over or beside another one.
        """
        stated = stated if isinstance(stated, dict) else {}
        number, turn, last = (stated.get(name) for name in ("session_id", "batch_seq", "last_batch_flag"))
        if not (_is_whole(number) and _is_whole(turn) and isinstance(last, bool)):
            raise MetaRefusal(100, 1713231, "Invalid parameter: session")
        if self.is_open(list_id, now, but=number):
            raise MetaRefusal(2650, _RUNNING, "Another update of this audience is running")
        session = self._sessions.get((list_id, number))
        if session is None:
            if turn != 1:
                raise MetaRefusal(2650, _BAD_FIRST, "The first batch must be number 1")
            session = self._sessions[list_id, number] = Session(began=now)
        if session.is_finished:
            raise MetaRefusal(2650, _FINISHED, "The session has ended")
        if now - session.began >= OPEN_SECONDS:
            raise MetaRefusal(2650, _TIMED_OUT, "The session has timed out")
        if turn != session.parts + 1:
            raise MetaRefusal(2650, _BAD_FIRST, "A batch out of turn")
        session.parts, session.is_finished = session.parts + 1, last
        return session


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
