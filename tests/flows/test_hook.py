"""The HTTP hook: one step, no papers, no reason (R-018); durable before it is answered, and silent about whom (R-021, R-022)."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from threading import Thread, current_thread
from typing import Any, cast

import httpx
import polars as pl
import pytest
from structlog.typing import FilteringBoundLogger

from boundary.hunt import hunt
from boundary.plaintext import Plaintext
from boundary.seal import sealed
from cli.main import INTERRUPTED, USAGE
from domain.errors import KeyUnavailable, ListRefused, PlatformUnavailable, RunBlocked, StorageFailed
from flows import intake
from flows.hook import MOST_BYTES, Hook, is_loopback, listening, server
from flows.intake import Intake, Statement, take_scoped
from flows.remover import Remover
from flows.wiring import HOOK_TOKEN_CHARACTERS, hook_token
from storage.files import from_bytes
from storage.objects import FolderStore
from storage.registers import Register
from tests.architecture.source import ROOT
from tests.flows.stage import Stage
from transforms.contracts import BUCKETS

TOKEN = "t" * HOOK_TOKEN_CHARACTERS
CANARY = "kanarie.zevenster@voorbeeld.example"
PATH = "/v1/optouts"
SLUICE = (sys.executable, "-c", "from cli.main import run; run()")


@dataclass
class Line:
    """A caller of the hook, and how often somebody was to be removed."""

    client: httpx.Client
    stage: Stage
    woken: list[int] = field(default_factory=list)

    def post(self, **fields: object) -> Any:
        return self.client.post(PATH, json=fields, headers={"Authorization": f"Bearer {TOKEN}"})

    def entries(self) -> pl.DataFrame:
        """Everything in the register, as another process reads it."""
        register = self.stage.site().suppression
        state = register.state()
        return pl.concat(register.bucket(bucket, state) for bucket in range(BUCKETS))


@pytest.fixture
def line(day_two: Stage) -> Iterator[Line]:
    woken: list[int] = []
    hook = Hook(day_two.site(), token=lambda: TOKEN, wake=lambda: woken.append(1))
    taken = listening("127.0.0.1", 0)
    listener = server(hook.app())
    thread = Thread(target=listener.run, args=([taken],))
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", timeout=60) as client:
            yield Line(client=client, stage=day_two, woken=woken)
    finally:
        listener.should_exit = True
        thread.join()
        taken.close()
        hook.stop()


def statement(address: str) -> Statement:
    return Statement(address=Plaintext(address))


def added(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    return after.join(before, on=before.columns, how="anti", nulls_equal=True)


def test_r_018_an_address_alone_is_enough_and_is_in_force_with_the_answer(line: Line) -> None:
    before = line.entries()
    (ann, *_) = line.stage.people()
    answer = line.post(address=ann.address)
    assert answer.status_code == 202
    assert set(answer.json()) == {"received_at", "reference"}
    (entry,) = added(before, line.entries()).to_dicts()
    # Everything, everywhere, and dated, so that a later proven yes may outweigh it.
    assert [entry[name] for name in ("controller", "purpose", "recipient")] == [None] * 3
    assert entry["channel"] == "api"
    assert entry["occurred_at"] == entry["received_at"]
    assert line.woken == [1]
    line.stage.push_out()
    assert not line.stage.members() & line.stage.people_hex(ann)


def test_r_018_more_than_the_address_is_never_asked_for_and_never_kept(line: Line) -> None:
    before = line.entries()
    answer = line.post(address="a.b@post.example", name="Kanarie", reason="because", identity_card="1234")
    assert answer.status_code == 202
    assert added(before, line.entries()).height == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"controller": "fund"}, ("fund", None, None)),
        ({"purpose": "ad_platform_match"}, (None, "ad_platform_match", None)),
        ({"controller": "FUND", "purpose": None, "recipient": ""}, ("fund", None, None)),
        ({"controller": "nobody_knows_this"}, (None, None, None)),
        ({"controller": 7, "purpose": ["x"], "recipient": {"a": 1}}, (None, None, None)),
    ],
)
def test_r_022_a_scope_is_narrower_only_if_the_person_said_so(
    line: Line, fields: dict[str, object], expected: tuple[str | None, ...]
) -> None:
    before = line.entries()
    assert line.post(address="a.b@post.example", **fields).status_code == 202
    (entry,) = added(before, line.entries()).to_dicts()
    assert tuple(entry[name] for name in ("controller", "purpose", "recipient")) == expected


@pytest.mark.parametrize(
    ("channel", "expected"), [("phone", "phone"), ("pigeon", "other"), (None, "api"), (3, "api")]
)
def test_r_021_any_channel_counts(line: Line, channel: object, expected: str) -> None:
    before = line.entries()
    assert line.post(address="a.b@post.example", channel=channel).status_code == 202
    assert added(before, line.entries())["channel"].to_list() == [expected]


def test_known_and_unknown_people_get_the_same_answer(line: Line) -> None:
    (ann, *_) = line.stage.people()
    known, unknown, again = (
        line.post(address=one) for one in (ann.address, "nobody.ever@post.example", ann.address)
    )
    assert known.status_code == unknown.status_code == again.status_code == 202
    for one in (unknown, again):
        assert set(one.json()) == set(known.json())
        assert len(one.content) == len(known.content)
        assert {**one.headers, "date": ""} == {**known.headers, "date": ""}
    assert len({one.json()["reference"] for one in (known, unknown, again)}) == 3


BODIES = [
    (b"", "not_json"),
    (CANARY.encode(), "not_json"),
    (b"[" * 3000, "not_json"),
    (json.dumps([CANARY]).encode(), "not_json"),
    (json.dumps({"email": CANARY}).encode(), "no_address"),
    (json.dumps({"address": [CANARY]}).encode(), "no_address"),
    (json.dumps({"address": CANARY.replace("@", " at ")}).encode(), "no_address"),
    (json.dumps({"address": " "}).encode(), "no_address"),
    (b'{"address": "\\ud800' + CANARY.encode() + b'"}', "no_address"),
    (b"\xff\xfe" + CANARY.encode(), "not_json"),
]


@pytest.mark.parametrize(("body", "code"), BODIES)
def test_what_is_malformed_gets_a_code_and_no_echo(
    line: Line, body: bytes, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = line.entries()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    answer = line.client.post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"code": code})
    assert line.entries().height == before.height
    assert "kanarie" not in "".join(capsys.readouterr()).lower()
    assert line.woken == []


def test_a_large_body_another_kind_of_body_and_a_query_are_refused(line: Line) -> None:
    allowed = {"Authorization": f"Bearer {TOKEN}"}
    large = line.client.post(PATH, json={"address": CANARY, "x": "x" * MOST_BYTES}, headers=allowed)
    assert (large.status_code, large.json()) == (413, {"code": "too_large"})
    form = line.client.post(PATH, data={"address": CANARY}, headers=allowed)
    assert (form.status_code, form.json()) == (415, {"code": "not_json"})
    query = line.client.post(f"{PATH}?address={CANARY}", json={"address": CANARY}, headers=allowed)
    assert (query.status_code, query.json()) == (400, {"code": "query"})
    assert line.client.get(PATH, headers=allowed).json() == {"code": "method_not_allowed"}
    other = line.client.get(f"/{CANARY}")
    assert (other.status_code, other.json()) == (404, {"code": "not_found"})


@pytest.mark.parametrize("headers", [{}, {"Authorization": f"Bearer {TOKEN}"}])
def test_r_087_nothing_is_redirected_so_no_query_is_repeated(line: Line, headers: dict[str, str]) -> None:
    answer = line.client.post(f"{PATH}/", params={"address": CANARY}, headers=headers)
    assert (answer.status_code, answer.json()) == (404, {"code": "not_found"})
    assert "kanarie" not in str(answer.headers)


@pytest.mark.parametrize("between", [", ", ";", "\n"])
def test_r_018_a_statement_is_about_one_person_and_several_are_nobody(line: Line, between: str) -> None:
    before = line.entries()
    answer = line.post(address=f"a.b@post.example{between}c.d@post.example")
    assert (answer.status_code, answer.json()) == (400, {"code": "no_address"})
    assert line.entries().height == before.height
    # The same person twice is one.
    assert line.post(address=f"a.b@post.example{between}A.B@post.example").status_code == 202


@pytest.mark.parametrize(
    "given", ["", "Bearer", f"bearer {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[1:]}", TOKEN]
)
def test_nobody_without_the_token_is_listened_to(line: Line, given: str) -> None:
    before = line.entries()
    answer = line.client.post(
        PATH, json={"address": CANARY}, headers={"Authorization": given} if given else {}
    )
    assert (answer.status_code, answer.json()) == (401, {"code": "token"})
    assert line.entries().height == before.height


def test_r_096_what_could_not_be_written_down_is_neither_answered_as_taken_nor_kept_for_later(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, names = line.entries(), line.stage.site().store.names("")

    def full(*_: object, **__: object) -> None:
        raise StorageFailed(what="full", do="make room")

    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "replace", full)
        answer = line.post(address=CANARY)
    assert (answer.status_code, answer.json()) == (503, {"code": "unavailable"})
    assert answer.headers["retry-after"]
    assert line.entries().height == before.height
    assert line.woken == []
    # No queue of failures holds it: the caller sends it again. Buckets beside the register go with its next version.
    assert {name.split("/")[0] for name in set(line.stage.site().store.names("")) - set(names)} <= {
        "registers"
    }
    assert line.post(address=CANARY).status_code == 202


def test_whatever_fails_in_an_unforeseen_way_is_answered_without_its_words(
    line: Line, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def quoting(*_: object, **__: object) -> None:
        raise ValueError(f"could not parse {CANARY}")

    for place in (Register, FolderStore):
        with monkeypatch.context() as patch:
            patch.setattr(place, "add" if place is Register else "exists", quoting)
            answer = line.post(address=CANARY)
        assert answer.status_code in {500, 503}
        assert "kanarie" not in answer.text.lower()
    assert "kanarie" not in "".join(capsys.readouterr()).lower()


def test_health_says_whether_the_register_can_be_read(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    assert line.client.get("/health").json() == {"status": "ok"}

    def gone(*_: object) -> None:
        raise StorageFailed(what="gone", do="look")

    monkeypatch.setattr(FolderStore, "exists", gone)
    answer = line.client.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"code": "unavailable"})


def test_no_address_rests_anywhere_and_no_line_of_a_log_has_one(
    line: Line, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    assert line.post(address=CANARY).status_code == 202
    assert line.client.post(PATH, json={"address": CANARY}).status_code == 401
    assert line.post(address=[CANARY]).status_code == 400
    said = capsys.readouterr()
    (tmp_path / "said").write_text(said.out + said.err + caplog.text, encoding="utf-8")
    places = [line.stage.home / "store", line.stage.home / "audit", tmp_path / "said"]
    assert list(hunt(places, frozenset({CANARY.encode()}))) == []


def test_a_burst_of_5000_is_a_handful_of_writes_and_every_one_is_in_force(line: Line) -> None:
    here = line.stage.site()
    before, version = line.entries().height, here.suppression.state().version
    taking = Intake(here)
    answers = [taking.submit(statement(f"p{number}@post.example")) for number in range(5_000)]
    wait(answers)
    taking.stop()
    assert len({answer.result().reference for answer in answers if answer.result()}) == 5_000  # type: ignore[union-attr]
    assert line.entries().height == before + 5_000
    assert here.suppression.state().version - version < 50


def test_one_statement_that_nobody_foresaw_does_not_keep_the_others_out(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = line.entries().height
    take, go = intake.take_statements, Flag()

    def choosy(here: Any, statements: Any) -> Any:
        go.wait()
        if any("poison" in one.address.reveal() for one in statements):
            return sealed(lambda: 1 // 0)()
        return take(here, statements)

    monkeypatch.setattr(intake, "take_statements", choosy)
    taking = Intake(line.stage.site())
    answers = [taking.submit(statement(f"{name}@post.example")) for name in ("one", "two", "poison", "three")]
    go.set()
    wait(answers)
    taking.stop()
    assert [answer.exception() is None for answer in answers] == [True, True, False, True]
    assert line.entries().height == before + 3


def test_a_statement_that_is_called_off_does_not_keep_the_others_out(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = line.entries().height
    take, begun, go = intake.take_statements, Flag(), Flag()

    def slow(here: Any, statements: Any) -> Any:
        begun.set()
        go.wait()
        return take(here, statements)

    monkeypatch.setattr(intake, "take_statements", slow)
    taking = Intake(line.stage.site())
    first = taking.submit(statement("one@post.example"))
    begun.wait()
    called_off, last = (taking.submit(statement(f"{name}@post.example")) for name in ("two", "three"))
    # Too late for the one that is being entered.
    assert (first.cancel(), called_off.cancel()) == (False, True)
    go.set()
    assert last.result(timeout=60) is not None
    taking.stop()
    assert first.result() is not None
    assert line.entries().height == before + 2


def test_whoever_comes_when_too_many_wait_is_told_to_come_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = Flag(), Flag()

    def slow(_: object, some: list[Statement]) -> list[None]:
        begun.set()
        go.wait()
        return [None for _ in some]

    monkeypatch.setattr(intake, "_QUEUE", 1)
    monkeypatch.setattr(intake, "take_statements", slow)
    taking = Intake(line.stage.site())
    # One is being entered, one waits.
    taking.submit(statement(CANARY))
    begun.wait()
    taking.submit(statement(CANARY))
    with pytest.raises(RunBlocked):
        taking.submit(statement(CANARY))
    go.set()
    taking.stop()


def test_r_042_however_many_ask_one_removal_follows_the_one_under_way(line: Line) -> None:
    begun, again, go, runs = Flag(), Flag(), Flag(), list[str]()

    def remove() -> None:
        (again if begun.is_set() else begun).set()
        runs.append(current_thread().name)
        go.wait()

    remover = Remover(remove, log=line.stage.site().log)
    begun.wait()
    for _ in range(5_000):
        remover.wake()
    go.set()
    again.wait()
    remover.stop()
    assert runs == ["remover"] * 2


def test_r_042_a_removal_that_failed_is_tried_again_without_being_asked(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    done, failures = Flag(), [PlatformUnavailable(what="busy", do="wait"), ValueError(CANARY)]

    def remove() -> None:
        if failures:
            raise failures.pop(0)
        done.set()

    remover = Remover(remove, log=line.stage.site().log, retry_seconds=0.01)
    assert done.wait(60)
    remover.stop()
    said = "".join(capsys.readouterr())
    assert "PLATFORM-BUSY" in said
    assert "SEALED" in said
    assert "kanarie" not in said


def test_r_042_a_log_that_cannot_be_written_to_ends_no_removal() -> None:
    done, failures = Flag(), [PlatformUnavailable(what="busy", do="wait")]

    class Closed:
        def __getattr__(self, _: str) -> Any:
            raise BrokenPipeError

    def remove() -> None:
        if failures:
            raise failures.pop()
        done.set()

    remover = Remover(remove, log=cast("FilteringBoundLogger", Closed()), retry_seconds=0.01)
    assert done.wait(60)
    remover.stop()


def test_r_042_asking_does_not_hurry_a_platform_that_is_failing(line: Line) -> None:
    failed, tries = Flag(), list[int]()

    def remove() -> None:
        tries.append(1)
        failed.set()
        raise PlatformUnavailable(what="busy", do="wait")

    remover = Remover(remove, log=line.stage.site().log, retry_seconds=600)
    assert failed.wait(60)
    for _ in range(50):
        remover.wake()
        time.sleep(0.002)
    remover.stop()
    assert len(tries) == 1


def test_the_token_comes_by_name_and_is_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for value in (None, "short"):
        if value:
            monkeypatch.setenv("SLUICE_HOOK_TOKEN", value)
        with pytest.raises(KeyUnavailable) as told:
            hook_token()()
        assert "short" not in str(told.value)
    (tmp_path / "token").write_text(TOKEN, encoding="ascii")
    monkeypatch.setenv("SLUICE_HOOK_TOKEN_FILE", str(tmp_path / "token"))
    assert hook_token()() == TOKEN


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("192.0.2.1", False),
        ("x.test", False),
    ],
)
def test_r_094_loopback_is_told_from_the_rest(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_r_022_a_no_that_is_typed_about_one_recipient_leaves_the_others(day_two: Stage) -> None:
    (ann, *_) = day_two.people()
    recipient = day_two.site().org.destinations["google_ads"].recipient
    given = from_bytes(f"{ann.address}\n".encode())
    assert take_scoped(day_two.site(), given, controller=None, purpose=None, recipient=recipient) == 1
    day_two.push_out()
    day_two.push_out(destination="meta_ads")
    assert not day_two.members() & day_two.people_hex(ann)
    assert day_two.members(destination="meta_ads") & day_two.people_hex(ann)


@pytest.mark.parametrize("text", ["", "\n", f"{CANARY}\nno address here\n"])
def test_a_typed_line_without_an_address_refuses_them_all(day_two: Stage, text: str) -> None:
    before = day_two.site().suppression.state()
    with pytest.raises(ListRefused) as told:
        take_scoped(
            day_two.site(), from_bytes(text.encode()), controller="fund", purpose=None, recipient=None
        )
    assert "kanarie" not in str(told.value)
    assert day_two.site().suppression.state() == before


def test_the_command_takes_in_removes_everywhere_and_says_nothing_of_whom(
    day_two: Stage, tmp_path: Path
) -> None:
    (ann, *_) = day_two.people()
    hashed = day_two.people_hex(ann)
    environ = {**os.environ, "SLUICE_HOOK_TOKEN": TOKEN, "PREFECT_HOME": str(tmp_path / "prefect")}
    words = [*SLUICE, "hook", "--port", "0", "--json", "--config", str(day_two.config)]
    said = tmp_path / "said"
    with (
        said.open("wb") as talk,
        subprocess.Popen(words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=talk) as process,
    ):
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        answer = httpx.post(
            url, json={"address": ann.address}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60
        )
        assert answer.status_code == 202
        while hashed & (day_two.members() | day_two.members(destination="meta_ads")):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == INTERRUPTED
    (tmp_path / "answers").write_bytes(answer.content + rest)
    places = [
        said,
        tmp_path / "answers",
        tmp_path / "prefect",
        *(day_two.home / name for name in ("store", "audit")),
    ]
    assert list(hunt(places, frozenset({ann.address.encode()}))) == []


@pytest.mark.parametrize(
    ("words", "token", "code"),
    [
        (["--host", "0.0.0.0"], TOKEN, USAGE),  # noqa: S104
        (["--host", "192.0.2.1", "--behind-proxy"], TOKEN, RunBlocked.exit_code),
        ([], "short", KeyUnavailable.exit_code),
    ],
)
def test_r_094_the_command_refuses_to_listen_without_a_proxy_or_a_token(
    day_two: Stage, words: list[str], token: str, code: int
) -> None:
    done = subprocess.run(
        [*SLUICE, "hook", "--port", "0", "--config", str(day_two.config), *words],
        cwd=ROOT,
        env={**os.environ, "SLUICE_HOOK_TOKEN": token},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, b"")
