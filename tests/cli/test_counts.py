"""Tables of counts on the terminal hide what is small, and say what the mark means (R-085)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.demo import _show
from cli.funnel import give_counts
from cli.story import EXAMPLE, Day, Told
from cli.sync import show
from domain.masking import NOTE
from flows.account import Synced
from flows.display import displayed
from tests.flows.test_display import ran

K = 10
SMALL = {"EXCL_OBJECTED": 2_000, "EXCL_DECEASED": 393, "EXCL_DUPLICATE": 7}


def test_a_table_without_a_hidden_count_has_no_note(capsys: pytest.CaptureFixture[str]) -> None:
    give_counts("Counts", ["", "here"], [["members", 1_234]], k=K)
    shown = capsys.readouterr().out
    assert "1,234" in shown
    assert NOTE not in shown


def test_r_085_a_rehearsal_shows_who_enters_and_who_leaves_and_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = ran(excluded=SMALL, leaving={"EXCL_OBJECTED": 200, "EXCL_WITHDRAWN": 91}, state="rehearsed")
    show(displayed([run], k=K), k=K)
    shown = capsys.readouterr().out
    lines = {
        line.split("  ")[0].strip(): line.split()[-1] for line in shown.splitlines() if "  " in line.strip()
    }
    assert (lines["to add"], lines["to remove"]) == ("500", "300")
    assert lines["- withdrawn"] == lines["- no longer in the export"] == "<10*"
    assert lines["- duplicate"] == lines["- deceased"] == "<10*"
    assert NOTE in shown
    assert "accepted" not in shown


def test_r_085_the_demo_shows_what_marketing_sees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "config")
    line = ("travel_customers", "google_ads")
    fields: dict[str, Any] = ran(excluded=SMALL)
    day = Day(
        title="day one",
        runs=[Synced(**fields)],
        pushed_out={line: 4},
        members={line: 5_200},
        right={line: True},
    )
    told = Told(
        contacts=7_600, approved_files=1, days=(day,), log_verified=True, leaks=0, files_hunted=1, seconds=1.0
    )
    _show(told, tmp_path)
    table, _, rest = capsys.readouterr().out.partition(NOTE)
    assert "Is it true?" in rest
    assert table.count("<10*") == 2 + 4
    assert "7,600" in table
    assert "5,200" in table
    # The sums of the document stay exact: these people are made up, and it proves that nobody got lost.
    assert told.as_json()["excluded"] == SMALL
