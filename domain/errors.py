"""One tree of errors. They carry names, places and counts, never values (R-089)."""

from __future__ import annotations

from typing import Any, ClassVar


class PipelineError(Exception):
    """Base of everything Sluice raises on purpose.

    Args:
        what: what is wrong, in names and counts.
        do: what the reader should do next; it is the first thing printed.
        place: file, line, row number, column or run the error belongs to.
    """

    code: ClassVar[str] = "PIPELINE"
    exit_code: ClassVar[int] = 1

    def __init__(self, *, what: str, do: str, place: str = "") -> None:
        self.what, self.do, self.place = what, do, place
        where = f" at {place}" if place else ""
        super().__init__(f"{do} ({self.code}{where}: {what})")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), {"what": self.what, "do": self.do, "place": self.place})


def _rebuild(kind: type[PipelineError], fields: dict[str, str]) -> PipelineError:
    return kind(**fields)


class Transient(PipelineError):  # noqa: N818 - a branch of the tree, raised as one of its leaves
    """Worth another try, unchanged, after a wait."""

    code = "TRANSIENT"


class Terminal(PipelineError):  # noqa: N818 - as Transient
    """Another try gives the same answer; a person has to act."""

    code = "TERMINAL"


class ConfigurationRefused(Terminal):
    """A configuration file contradicts itself, a register or a rule."""

    code, exit_code = "CONFIG", 3


class KeyUnavailable(Terminal):
    """A key is missing, weak, shared between roles or readable by others (R-132, R-133)."""

    code, exit_code = "KEY", 4


class ApprovalRefused(Terminal):
    """Somebody may not approve, withdraw or restart what they named; nothing was entered (R-141, R-143)."""

    code, exit_code = "APPROVAL", 5


class RightsRefused(Terminal):
    """The rights desk may not do this: no ticket, no role, or not an address; nothing was looked up (R-140)."""

    code, exit_code = "RIGHTS", 6


class RightsOpen(Terminal):
    """What a person asked for is not done yet; it stays open, and is taken up by the same command or the next run."""

    code, exit_code = "RIGHTS-OPEN", 7


class ExportRefused(Terminal):
    """A CRM export is not what its source declares; nothing was changed."""

    code, exit_code = "EXPORT", 10


class ListRefused(Terminal):
    """A consent, opt-out or suppression file is not usable; the old one stays in force."""

    code, exit_code = "LIST", 11


class PlaintextFound(Terminal):
    """Something address-shaped stood where only digests may stand."""

    code, exit_code = "PLAINTEXT", 20


class GateRefused(Terminal):
    """A sealed batch, its seal or its final bytes failed the last check (R-103)."""

    code, exit_code = "GATE", 21


class CheckFailed(Terminal):
    """A data-quality suite did not hold."""

    code, exit_code = "CHECK", 22


class PlatformUnavailable(Transient):
    """The platform did not answer, or asked us to come back later."""

    code, exit_code = "PLATFORM-BUSY", 30


class PlatformRefused(Terminal):
    """The platform said no, and would say no again."""

    code, exit_code = "PLATFORM-REFUSED", 31


class OutcomeUnknown(Terminal):
    """The platform never said how a request ended within the limit."""

    code, exit_code = "PLATFORM-UNKNOWN", 32


class RemovalOverdue(Terminal):
    """Somebody who said no has been waiting for their removal for longer than the policy allows (R-042)."""

    code, exit_code = "REMOVAL-LATE", 34


class EgressRefused(Terminal):
    """A request was aimed at a host, path or header that is not allowed (R-071, R-094)."""

    code, exit_code = "EGRESS", 33


class LogBroken(Terminal):
    """The audit log or a decision file does not verify."""

    code, exit_code = "LOG", 40


class LogUnavailable(Terminal):
    """The audit log could not take an entry; without it nothing is sent (R-104)."""

    code, exit_code = "LOG-UNAVAILABLE", 41


class RunBlocked(Terminal):
    """A guard stopped the run before anything was sent."""

    code, exit_code = "BLOCKED", 50


class SuppressionMoved(Transient):
    """The suppression register changed after it was read: plan again (R-026)."""

    code, exit_code = "SUPPRESSION-MOVED", 51


class TransferStopped(Terminal):
    """A transfer mechanism was switched off while a run was under way; nothing more was added (R-069)."""

    code, exit_code = "TRANSFER-STOPPED", 52


class IncidentOpen(Terminal):
    """An incident is open, and stays open until an actor with the role dpo has judged it (R-150)."""

    code, exit_code = "INCIDENT", 53


class StorageFailed(Terminal):
    """A file or object could not be read, or was changed by somebody else."""

    code, exit_code = "STORAGE", 60


class Sealed(Terminal):
    """An unexpected failure inside the boundary; its own text stays there."""

    code, exit_code = "SEALED", 70
