"""Logs hold events with allow-listed fields; what libraries write is filtered (R-092)."""

from __future__ import annotations

import ast
import base64
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import structlog

from boundary.logs import Event, Fields, configure, event, get_log, suspicion, withheld
from domain.audience import Operation

ADDRESS = "els.kanarie@voorbeeld.example"
DIGEST = bytes(range(100, 132))
HEX = DIGEST.hex()
BASE64 = base64.b64encode(DIGEST).decode()


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is one for the whole process: give it back as it was."""
    factory, showwarning = logging.getLogRecordFactory(), warnings.showwarning
    yield
    logging.captureWarnings(capture=False)
    warnings.showwarning = showwarning
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()


@pytest.fixture
def foreign() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """Somebody else's logger at DEBUG with a handler of its own, which no root filter would ever meet."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("somebody.elses")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    configure()
    yield logger, stream
    logger.removeHandler(handler)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_a_name_and_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True)
    event(
        get_log(),
        Event.BATCH_SENT,
        run="20250101T000000Z-0123abcd",
        destination="google_ads",
        operation=Operation.ADD,
        rows=np.int64(3),  # type: ignore[arg-type]
        seconds=1.5,
    )
    (told,) = lines(capsys)
    told.pop("timestamp")
    assert told == {
        "event": "batch_sent",
        "level": "info",
        "run": "20250101T000000Z-0123abcd",
        "destination": "google_ads",
        "operation": "add",
        "rows": 3,
        "seconds": 1.5,
    }


@pytest.mark.parametrize(
    "value", [ADDRESS, HEX, BASE64, "two words", "a/b", "x" * 64, "é", 5, None, b"x", ["x"]]
)
def test_a_name_that_is_not_opaque_is_left_out_and_counted(
    value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(json=True)
    before = withheld().get("field", 0)
    event(get_log(), Event.LIST_READ, list=value, rows=1)  # type: ignore[arg-type]
    (told,) = lines(capsys)
    assert "list" not in told
    assert (told["rows"], told["withheld"]) == (1, 1)
    assert withheld()["field"] == before + 1


@pytest.mark.parametrize("fields", [{"email": "x"}, {"rows": ADDRESS}, {"rows": "3"}, {"exc_info": True}])
def test_a_field_that_is_not_on_the_list_is_left_out(
    fields: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    configure(json=True)
    event(get_log(), Event.LIST_READ, **fields)
    (told,) = lines(capsys)
    assert set(told) == {"event", "level", "timestamp", "withheld"}


@pytest.mark.parametrize("as_json", [True, False])
def test_a_logger_used_without_event_tells_nothing(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=as_json)
    log = get_log()
    log.info(f"read {ADDRESS}", who=ADDRESS, source="crm")  # noqa: G004
    log.bind(who=ADDRESS).warning(Event.LIST_READ.value, rows=2)
    try:
        raise ValueError(ADDRESS)
    except ValueError:
        log.exception(Event.LIST_READ.value)
    shown = capsys.readouterr().err
    assert shown.count(ADDRESS) == 0
    assert shown.count("withheld") >= 3
    assert shown.count("crm") == 0


def test_our_events_go_to_standard_error_only(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=True)
    event(get_log(), Event.LOG_VERIFIED, size=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err)["size"] == 1


def test_logging_is_set_up_by_whoever_comes_first() -> None:
    structlog.reset_defaults()
    get_log()
    assert structlog.is_configured()


def test_every_event_in_the_code_uses_known_fields() -> None:
    """mypy checks the calls; this checks that the list has no field that nobody could log."""
    fields: set[str] = set()
    for path in Path(__file__).parents[2].glob("flows/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "event":
                fields |= {word.arg for word in node.keywords if word.arg}
    assert fields
    assert fields <= set(Fields.__annotations__)


SHAPES = {
    "address": ADDRESS,
    "address in JSON": json.dumps({"to": [ADDRESS]}),
    "percent": quote(ADDRESS),
    "all percent": "".join(f"%{ord(one):02x}" for one in ADDRESS),
    "JSON escape": ADDRESS.replace("@", "\\u0040"),
    "full width": ADDRESS.replace("@", "＠"),
    "digest": HEX,
    "upper digest": HEX.upper(),
    "digest in JSON": json.dumps({"emailAddress": HEX}),
    "percent digest": "".join(f"%{ord(one):02x}" for one in HEX),
    "JSON digest": "".join(f"\\u{ord(one):04x}" for one in HEX),
    "base64": BASE64,
    "base64 in a query": f"/x?h={quote(BASE64, safe='')}&y=1",
    "url-safe base64": base64.urlsafe_b64encode(bytes([251, 255]) * 16).decode(),
    "bare base64": BASE64.rstrip("="),
    "slash-escaped base64": base64.b64encode(b"\xff" * 32).decode().replace("/", "\\/"),
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize(
    "write",
    [
        lambda log, text: log.debug("GET %s", text),
        lambda log, text: log.info(f"GET {text}"),  # noqa: G004
        lambda log, text: log.info("GET %(url)s", {"url": text}),
        lambda log, text: log.error("GET", exc_info=ValueError(text)),
        lambda log, text: log.warning("%d %s", "3", text),
        lambda log, text: log.warning(text.encode()),
        lambda log, text: log.warning("%r", [text.encode()]),
        lambda log, text: log.warning(ValueError(text)),
    ],
    ids=["args", "text", "mapping", "exception", "unformattable", "bytes", "nested", "object"],
)
def test_what_a_library_may_not_write_becomes_a_counter(
    foreign: tuple[logging.Logger, io.StringIO], write: Callable[[logging.Logger, str], None], text: str
) -> None:
    logger, stream = foreign
    before = sum(withheld().values())
    write(logger, text)
    shown = stream.getvalue()
    assert shown.startswith("withheld kind=")
    assert shown.count(text) == 0
    assert shown.count("\n") == 1
    assert sum(withheld().values()) == before + 1


def test_the_cause_of_an_exception_counts_too(foreign: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = foreign
    try:
        try:
            raise KeyError(ADDRESS)
        except KeyError as exc:
            raise ValueError("x") from exc
    except ValueError:
        logger.exception("failed")
    assert stream.getvalue().count(ADDRESS) == 0


def test_a_withheld_record_holds_nothing_for_any_handler(foreign: tuple[logging.Logger, io.StringIO]) -> None:
    logger, _ = foreign
    record = logger.makeRecord("x", logging.DEBUG, "f", 1, "to %s", (ADDRESS,), None)
    assert record.levelno == logging.WARNING
    assert repr(vars(record)).count(ADDRESS) == 0


@pytest.mark.parametrize(
    "text",
    [
        'HTTP Request: POST http://127.0.0.1:4200/api/flow_runs/ "HTTP/1.1 201 Created"',
        "Flow run 'sync' - Finished in state Completed()",
        "task 0192e0c4-5c1f-7c9e-8e0a-3f8e0b3b2f11 of run 20250101T000000Z-0123abcd",
        "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "user@host",
        "/usr/lib/python3/site_packages/prefect/server/api/background",
        "100% done & \\n",
        "",
    ],
)
def test_ordinary_messages_pass(text: str, foreign: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = foreign
    logger.info("%s", text)
    assert stream.getvalue() == f"{text}\n"
    assert suspicion(text) == ""


def test_an_ordinary_exception_passes(foreign: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = foreign
    logger.error("failed", exc_info=ValueError("three rows"))
    assert "ValueError: three rows" in stream.getvalue()


def test_loggers_that_write_urls_and_bodies_are_quiet() -> None:
    configure()
    for name in ("botocore", "urllib3", "httpx", "httpcore", "s3transfer"):
        assert not logging.getLogger(f"{name}.some.part").isEnabledFor(logging.INFO)


def test_warnings_go_through_the_filter(caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure()
        warnings.warn(f"odd value {ADDRESS}", stacklevel=1)
    assert "withheld kind=address" in caplog.text
    assert caplog.text.count(ADDRESS) == 0


def test_setting_up_twice_filters_once() -> None:
    configure()
    first = logging.getLogRecordFactory()
    configure()
    assert logging.getLogRecordFactory() is first
