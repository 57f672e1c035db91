"""Errors say what to do, survive a pickle, and end the process with a code of their own."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from domain import errors
from domain.errors import PipelineError, Terminal, Transient

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, PipelineError)]
BRANCHES = [kind for kind in KINDS if kind not in (PipelineError, Transient, Terminal)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_begins_with_what_to_do_and_names_code_and_place(kind: type[PipelineError]) -> None:
    told = str(kind(what="3 rows are malformed", do="Export again", place="dynamics_contacts"))
    assert told == f"Export again ({kind.code} at dynamics_contacts: 3 rows are malformed)"


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_can_be_pickled_and_copied(kind: type[PipelineError]) -> None:
    error = kind(what="what", do="do", place="place")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert str(again) == str(error)


@pytest.mark.parametrize("kind", BRANCHES)
def test_an_error_is_worth_another_try_or_is_not(kind: type[PipelineError]) -> None:
    assert issubclass(kind, Transient) != issubclass(kind, Terminal)


def test_every_branch_has_its_own_code_and_exit_code() -> None:
    assert len({kind.code for kind in BRANCHES}) == len(BRANCHES)
    assert len({kind.exit_code for kind in BRANCHES}) == len(BRANCHES)
    # 0 to 2 mean done, found something and wrong usage; from 126 on the shell speaks.
    assert all(3 <= kind.exit_code < 126 for kind in BRANCHES)
