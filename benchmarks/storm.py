"""Many people say no while a sync is in flight and the platforms keep failing: who is left in, and how long it took."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.organisation import config_folder, environment, settle_quickly, writing
from sandbox.bulk import agreed_addresses
from sandbox.faults import Fault, Kind
from sandbox.people.example import EXAMPLE
from sandbox.people.person import platform_hex
from sandbox.server import Sandbox
from sandbox.world import TOKEN, World

# One answer in ten: a server that is busy, a request that is taken and not answered, half of an answer.
FAULTS: Final = (
    Fault(kind=Kind.BUSY, times=None, probability=0.04),
    Fault(kind=Kind.LOST, times=None, probability=0.03),
    Fault(kind=Kind.HALF, times=None, probability=0.03),
    # And every answer takes its time, so that there is a while in which people can say no.
    Fault(kind=Kind.LATENCY, times=None, seconds=0.2),
)
_OFFICER: Final = "dpo_office"
_SETTLE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.02
_HANDFULS: Final = 50
_PAUSE_SECONDS: Final = 0.2
_ROUNDS: Final = 30


def storming(work: str, contacts: str, optouts: str) -> Callable[[], dict[str, Any]]:
    """Measured child: sync so many contacts to every destination while so many of them opt out.

    Gives:  counts, the removal clock of every list, and left_in: opted-out people who are members anywhere at the end
    """
    from config.organisation import load
    from flows.approval import approve_all
    from flows.feeds import refresh
    from flows.ingest import read_source
    from flows.wiring import site
    from storage.keys import init_keys

    home = Path(work)
    writing(work, contacts, datetime.now(UTC).isoformat())()  # noqa: TID251 - consents are dated back from here
    settle_quickly(home)
    config = config_folder(home)
    leaving = agreed_addresses(int(contacts), int(optouts), setting=EXAMPLE)

    def storm() -> dict[str, Any]:
        import os

        with Sandbox(world=World(settle_seconds=_SETTLE_SECONDS)) as platforms:
            os.environ.update(environment(home), SLUICE_SANDBOX_URL=platforms.url)
            os.environ.update(dict.fromkeys(("SLUICE_GOOGLE_TOKEN", "SLUICE_META_TOKEN"), TOKEN))
            os.environ["SLUICE_META_APP_SECRET"] = TOKEN
            keys = load(config).keys.file
            if keys is not None:
                init_keys(keys, random=secrets.token_bytes)
            with site(str(config)) as here:
                approve_all(here, by=_OFFICER)
                for source in here.org.sources:
                    read_source(here, source)
                refresh(here)
            platforms.world.faults.add(*FAULTS)
            return _stormed(str(config), platforms, leaving)

    return storm


def _stormed(config: str, platforms: Sandbox, leaving: Sequence[str]) -> dict[str, Any]:
    from audit.verify import verify
    from flows.clock import clocks
    from flows.line import line_of
    from flows.wiring import site

    begun = time.perf_counter()
    with site(config) as here:
        lines = [
            (audience, one.name)
            for audience, settings in here.org.audiences.items()
            for one in settings.destinations
        ]
    syncing = [threading.Thread(target=_synced, args=(config, *line)) for line in lines]
    for one in syncing:
        one.start()
    while any(one.is_alive() for one in syncing) and not platforms.requests:
        time.sleep(_LOOK_SECONDS)
    first_request = time.perf_counter()
    _say_no(config, leaving)
    said = time.perf_counter() - first_request
    for one in syncing:
        one.join()
    rounds = _pushed_out(config)
    with site(config) as here:
        found = clocks(here)
        members = {
            line: platforms.members(
                str(here.org.destinations[line[1]].platform), line_of(here, *line).list_id
            )
            for line in lines
        }
        report = verify(here.audit_store)
    gone = {platform_hex(address, name) for address in leaving for name in ("google", "meta")}
    return {
        "opted_out": len(leaving),
        "said_within_seconds": round(said, 1),
        "seconds": round(time.perf_counter() - begun, 1),
        "rounds": rounds,
        "members": {f"{audience}, {name}": len(who) for (audience, name), who in members.items()},
        "left_in": sum(len(who & gone) for who in members.values()),
        "clocks": [asdict(clock) for clock in found],
        "open": sum(clock.open for clock in found),
        "log_entries": report.size,
        "log_whole": not report.problems,
        "requests": len(platforms.world.seen),
    }


def _synced(config: str, audience: str, destination: str) -> None:
    """Sync a line until all of it is done, as the scheduler would."""
    from flows.line import line_of
    from flows.sync import synced
    from flows.wiring import site

    with site(config) as here:
        for _ in range(_ROUNDS):
            if not synced(here, [line_of(here, audience, destination)], send=True).failures:
                return


def _say_no(config: str, leaving: Sequence[str]) -> None:
    from flows.feeds import take_list
    from flows.wiring import site
    from storage.lists import from_bytes

    size = -(-len(leaving) // _HANDFULS)
    with site(config) as here:
        for start in range(0, len(leaving), size):
            take_list(here, "optouts", from_bytes("\n".join(leaving[start : start + size]).encode()))
            time.sleep(_PAUSE_SECONDS)


def _pushed_out(config: str) -> int:
    """Run the removals as their schedule would, until every clock has stopped; gives the rounds."""
    from domain.errors import PipelineError
    from flows.clock import clocks
    from flows.line import line_held
    from flows.optout import lists_held, pushed_out
    from flows.wiring import site

    for number in range(1, _ROUNDS + 1):
        with site(config) as here:
            states = []
            for held in lists_held(here).values():
                try:
                    states.append(pushed_out(here, line_held(here, held)).state)
                except PipelineError:
                    states.append("failed")
            if {*states} == {"none"} and not any(clock.open for clock in clocks(here)):
                return number
    return _ROUNDS
