"""A purpose, and the one legal basis that each controller has for it at each destination."""

from __future__ import annotations

from config.model import Authored, Labels, Model, Name
from domain.purpose import LegalBasis


class Basis(Model):
    """The basis of one controller, purpose and destination (R-002)."""

    controller: Name
    """The stem of a file in controllers/ (R-002)."""
    destination: Name
    """The stem of a file in destinations/ (R-002)."""
    basis: LegalBasis
    """One word, never a list: consent, or legitimate_interest with an `exception` (R-002, R-003)."""
    exception: Name | None = None
    """The stem of a file in exceptions/; only with `basis: legitimate_interest` (R-003, R-012)."""


class Purpose(Authored):
    """What data are used for, as consent events, notices and audiences write it."""

    label: Labels
    """The purpose in words, in nl, fr and en (R-129)."""
    bases: tuple[Basis, ...]
    """A list of bases, one for each controller and destination; [] while no destination serves the purpose (R-002)."""

    def basis_of(self, controller: str, destination: str) -> Basis | None:
        """The basis of this controller at this destination; None if there is none, or more than one (R-002)."""
        fitting = [
            one for one in self.bases if (one.controller, one.destination) == (controller, destination)
        ]
        return fitting[0] if len(fitting) == 1 else None
