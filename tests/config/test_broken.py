"""Ten broken copies of the example: `sluice check` finds every problem, with line and rule, and repeats no value."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest

from tests.cli.shell import Ended, shell
from tests.config.conftest import EXAMPLE

BROKEN = Path(__file__).with_name("broken")
COPIES = sorted(path for path in BROKEN.iterdir() if path.is_dir())
REFUSED = 3

PROBLEM = re.compile(r"(?P<file>\S+):(?P<line>\d+): (?!warning: |refused as things stand: |not applicable: )")
RULE = re.compile(r"\bR-\d{3}\b")
# Made up, and in parts, so that scanners of repositories are not alarmed.
TOKEN = "qL8m" + "ZrT2uVw9Xy4Bc6De1Fg3Hi5Jk7Ln0Op="
NEVER_TOLD = ("canary", TOKEN.casefold())
# Rules that files alone can break: between them the copies break each.
ABOUT_FILES = """
R-001 R-002 R-003 R-004 R-005 R-007 R-009 R-010 R-011 R-012 R-014 R-015 R-019 R-020 R-021 R-022 R-023 R-025 R-026 R-030
R-034 R-036 R-039 R-040 R-045 R-046 R-048 R-049 R-050 R-051 R-052 R-053 R-057 R-058 R-059 R-061 R-062 R-063 R-064 R-066
R-067 R-068 R-069 R-070 R-071 R-072 R-073 R-075 R-082 R-083 R-084 R-085 R-100 R-108 R-121 R-129 R-132 R-134 R-141 R-146
R-148 R-149 R-152
"""


class Then(datetime):
    """The clock of the command on the day on which nothing in the example is past its date."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Then:
        """Noon of that day."""
        return cls(2026, 11, 25, 12, tzinfo=tz or UTC)


def laid(broken: Path, folder: Path) -> Path:
    """The example with the files of a broken copy over it."""
    shutil.copytree(EXAMPLE, folder)
    for name in removed(broken):
        (folder / name).unlink()
    for path in broken.rglob("*.yaml"):
        target = folder / path.relative_to(broken)
        target.parent.mkdir(exist_ok=True)
        target.write_text(path.read_text("utf-8").replace("PLANTED_TOKEN", TOKEN), "utf-8")
    return folder


def removed(broken: Path) -> list[str]:
    """Files of the example that a broken copy does not have."""
    listed = broken / "removed.txt"
    return listed.read_text("utf-8").splitlines() if listed.is_file() else []


def expected(broken: Path) -> list[str]:
    """What must be found, as file, line and rules."""
    return (broken / "expected.txt").read_text("utf-8").splitlines()


def found(out: str) -> list[str]:
    """What was found, in the form of ``expected.txt``: each problem has a line that tells it and one with the way out."""
    lines = out.splitlines()
    told = []
    for what, do in zip(lines, [*lines[1:], ""], strict=True):
        if match := PROBLEM.match(what):
            rules = " ".join(sorted({*RULE.findall(what), *RULE.findall(do)}))
            told.append((match["file"], int(match["line"]), rules))
    return [f"{file}:{line}: {rules}" for file, line, rules in sorted(told)]


def checked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ended:
    """What the command says about a configuration."""
    monkeypatch.setenv("SLUICE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("cli.check.datetime", Then)
    return shell(monkeypatch, capsys)("check", "--config", folder)


@pytest.mark.parametrize("broken", COPIES, ids=lambda path: path.name)
def test_every_problem_is_found_with_its_line_and_rule_and_nothing_else(
    broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = checked(laid(broken, tmp_path / "organisation"), tmp_path, monkeypatch, capsys)
    problems = expected(broken)
    assert found(said.out) == problems
    assert said.code == REFUSED
    assert said.first.startswith(f"{len(problems)} problems: ")
    spoken = f"{said.out}{said.err}".casefold()
    assert [never for never in NEVER_TOLD if never in spoken] == []


def test_the_example_itself_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = checked(EXAMPLE, tmp_path, monkeypatch, capsys)
    assert (said.code, found(said.out)) == (0, [])


def test_there_are_ten_copies_and_each_has_several_problems_and_something_that_is_never_told() -> None:
    assert len(COPIES) == 10
    assert all(len(expected(broken)) > 10 for broken in COPIES)
    for broken in COPIES:
        assert "canary" in "".join(path.read_text("utf-8") for path in broken.rglob("*.yaml"))
    assert "PLANTED_TOKEN" in (BROKEN / "10_people_and_order/policy.yaml").read_text("utf-8")


def test_every_rule_that_files_alone_can_break_is_broken_somewhere() -> None:
    broken = Counter(rule for one in COPIES for line in expected(one) for rule in RULE.findall(line))
    assert sorted(broken) == ABOUT_FILES.split()


@pytest.mark.parametrize("broken", COPIES, ids=lambda path: path.name)
def test_a_copy_holds_what_differs_and_what_is_told_about(broken: Path) -> None:
    """So that a comment in the example moves no line here, and a file that the example lost is noticed."""
    own = {str(path.relative_to(broken)) for path in broken.rglob("*.yaml")}
    assert [name for name in own if same(broken / name, EXAMPLE / name)] == []
    assert [name for name in removed(broken) if name in own or not (EXAMPLE / name).is_file()] == []
    about = {line.split(":", 1)[0] for line in expected(broken)}
    assert [name for name in sorted(about - own) if not name.endswith("/")] == []


def same(one: Path, other: Path) -> bool:
    """Whether two files are there with the same bytes."""
    return other.is_file() and one.read_bytes() == other.read_bytes()
