"""Logs are events with fields from a closed list; what other people's libraries write is filtered (R-092)."""

from __future__ import annotations

import logging
import numbers
import re
import sys
import traceback
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypedDict, Unpack, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from boundary.detect import address_offsets
from boundary.escapes import unescaped


class Event(StrEnum):
    """Everything that our own code can log."""

    EXPORT_READ = "export_read"
    EXPORT_UNCHANGED = "export_unchanged"
    LIST_READ = "list_read"
    LIST_UNCHANGED = "list_unchanged"
    SYNC_PLANNED = "sync_planned"
    SYNC_HELD = "sync_held"
    SYNC_BLOCKED = "sync_blocked"
    BATCH_SENT = "batch_sent"
    RECEIPT = "receipt"
    SYNC_DONE = "sync_done"
    RUN_RECOVERED = "run_recovered"
    OPTOUT_TAKEN = "optout_taken"
    OBJECTION_UNMAPPED = "objection_unmapped"
    REMOVAL_SENT = "removal_sent"
    REMOVAL_REFUSED = "removal_refused"
    REMOVAL_LATE = "removal_late"
    CAMPAIGN_UNKNOWN = "campaign_unknown"
    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CLOSED = "incident_closed"
    RIGHTS_OPEN = "rights_open"
    ERASURE_DONE = "erasure_done"
    LIST_RETIRED = "list_retired"
    LIST_DRIFTED = "list_drifted"
    DELETED = "deleted"
    DELETION_FAILED = "deletion_failed"
    LOG_VERIFIED = "log_verified"
    LOG_PUBLISHED = "log_published"
    CHECK_FAILED = "check_failed"
    WITHHELD = "withheld"


class Fields(TypedDict, total=False):
    """The fields of an event: opaque names and counts. mypy checks every call against it, ``event`` checks values."""

    source: str
    export: str
    list: str
    audience: str
    destination: str
    run: str
    state: str
    reason: str
    code: str
    operation: str
    rows: int | None
    malformed: int | None
    adds: int | None
    removes: int | None
    accepted: int | None
    refused: int | None
    unknown: int | None
    size: int | None
    part: int | None
    seconds: float | None


_NAMES: Final = frozenset(
    {"source", "export", "list", "audience", "destination", "run", "state", "reason", "code", "operation"}
)
_NUMBERS: Final = frozenset(Fields.__annotations__) - _NAMES
_OURS: Final = frozenset(Event)
_WARNINGS: Final = frozenset(
    {
        Event.SYNC_HELD,
        Event.SYNC_BLOCKED,
        Event.CHECK_FAILED,
        Event.WITHHELD,
        Event.OBJECTION_UNMAPPED,
        Event.REMOVAL_REFUSED,
        Event.REMOVAL_LATE,
        Event.LIST_DRIFTED,
        Event.DELETION_FAILED,
        Event.RIGHTS_OPEN,
        Event.CAMPAIGN_UNKNOWN,
        Event.INCIDENT_OPENED,
    }
)
_NAME: Final = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,62}\Z")

# 32 bytes as hex, or as base64 of either alphabet: padded, or bare but for its kinds of characters no word or path.
_HEX: Final = re.compile(rb"[0-9a-fA-F]{64}")
_BASE64: Final = re.compile(
    rb"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{43}="
    rb"|(?=[A-Za-z0-9+/_-]{0,42}[0-9])(?=[A-Za-z0-9+/_-]{0,42}[A-Z])(?=[A-Za-z0-9+/_-]{0,42}[a-z])"
    rb"[A-Za-z0-9+/_-]{43}(?![A-Za-z0-9+/_-]))"
)
_ROUNDS: Final = 3

# They write URLs, headers or signatures of bodies at DEBUG or INFO.
_SDK_LOGGERS: Final = (
    "boto3", "botocore", "s3transfer", "urllib3", "httpx", "httpcore", "requests", "google", "great_expectations",
    "asyncio", "sqlalchemy", "aiosqlite",
)  # fmt: skip

_withheld: Counter[str] = Counter()


def event(log: FilteringBoundLogger, name: Event, **fields: Unpack[Fields]) -> None:
    """Log an event. A field that is not on the list or not opaque is left out and counted: a log never stops a run."""
    told = _allowed(fields)
    (log.warning if name in _WARNINGS else log.info)(name.value, **told)


def configure(level: int = logging.INFO, *, json: bool = False) -> None:
    """Send our events to stderr and put the filter in front of every logger of every library. May be repeated."""
    shown = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _only_events,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )
    for name in _SDK_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A filter on the root logger would not see records of other loggers, one on its handlers would miss handlers that
    # libraries add. Every record of every logger is made here.
    if logging.getLogRecordFactory() is not _Filtered:
        logging.setLogRecordFactory(_Filtered)
    logging.captureWarnings(capture=True)


def get_log() -> FilteringBoundLogger:
    """The logger for events; sets up logging if nobody has."""
    if not structlog.is_configured():
        configure()
    return cast("FilteringBoundLogger", structlog.get_logger())


def withheld() -> Mapping[str, int]:
    """How many messages and fields were withheld so far, by kind."""
    return dict(_withheld)


def suspicion(text: str) -> str:
    """What a text must not be logged for: "address", "hex_digest", "base64_digest", or "" if it may."""
    data = text.encode("utf-8", "surrogatepass")
    if address_offsets(data):
        return "address"
    return _digest_kind(data, _ROUNDS)


def _digest_kind(data: bytes, rounds: int) -> str:
    if _HEX.search(data):
        return "hex_digest"
    if _BASE64.search(data):
        return "base64_digest"
    inside = (_digest_kind(text.data, rounds - 1) for text in unescaped(data)) if rounds else iter(())
    return next(filter(None, inside), "")


def _allowed(fields: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _NUMBERS and (value is None or isinstance(value, numbers.Real)):
            told[name] = value if value is None else _number(value)
        elif name in _NAMES and isinstance(value, str) and (not value or _is_opaque(value)):
            told[name] = str(value)
        else:
            _withheld["field"] += 1
            told["withheld"] = told.get("withheld", 0) + 1
    return told


def _number(value: numbers.Real) -> int | float:
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def _is_opaque(value: str) -> bool:
    return bool(_NAME.match(value)) and not suspicion(value)


def _only_events(_logger: WrappedLogger, _method: str, told: EventDict) -> EventDict:
    """For whoever calls the logger without ``event``."""
    name, level, before = told.pop("event", ""), told.pop("level", "info"), told.pop("withheld", 0)
    fields = _allowed(told)
    if before and isinstance(before, int):
        fields["withheld"] = fields.get("withheld", 0) + before
    if name not in _OURS:
        _withheld["message"] += 1
        name, level, fields = Event.WITHHELD.value, "warning", {"withheld": fields.get("withheld", 0) + 1}
    return {"event": str(name), "level": level, **fields}


def _to_stderr(*_: object) -> structlog.PrintLogger:
    """Stderr as it is at the moment of writing: a test or a terminal may have exchanged it."""
    return structlog.PrintLogger(sys.stderr)


class _Filtered(logging.LogRecord):
    """A record of any library that turns into a counter if its text, arguments or exception hold what may not be seen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self._kind()
        if kind:
            _withheld[kind] += 1
            self.msg, self.args = f"{Event.WITHHELD.value} kind={kind} count={_withheld[kind]}", None
            self.exc_info = self.exc_text = self.stack_info = None
            self.levelno, self.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)

    def _kind(self) -> str:
        try:
            shown = [self.name, self.getMessage(), self.stack_info or ""]
            # Handlers may format arguments their own way, so they are looked at one by one, too.
            given = self.args.values() if isinstance(self.args, Mapping) else self.args or ()
            shown += [text for value in given for text in (str(value), repr(value))]
            if self.exc_info and self.exc_info[0] is not None:
                shown += traceback.format_exception(*self.exc_info)
        except Exception:  # noqa: BLE001
            # logging itself would print the arguments of a message that cannot be formatted.
            return "unreadable"
        return next(filter(None, map(suspicion, shown)), "")
