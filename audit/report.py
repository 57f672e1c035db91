"""What a verification tells: files that are wrong, and what a person should look at."""

from __future__ import annotations

from dataclasses import dataclass

from audit.reconcile import Finding
from domain.errors import LogBroken


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that does not verify, and the check that it fails."""

    file: str
    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Result of a verification. Findings are for a person; only problems mean that the log is broken."""

    size: int
    root: str
    files: int
    decisions: int
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether everything verified."""
        return not self.problems


def require_sound(report: Report) -> None:
    """Refuse a log that does not verify.

    Raises:
        LogBroken: names the first file that is wrong.
    """
    if report.problems:
        first = report.problems[0]
        more = f", and {len(report.problems) - 1} more problem(s)" if len(report.problems) > 1 else ""
        raise LogBroken(
            what=f"{first.check}{more}",
            do="Stop sending, keep all files and compare them with a copy of the log",
            place=first.file,
        )
