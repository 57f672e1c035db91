"""A configuration folder as far as it can be read, with every problem found on the way."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from config.audience import Audience
from config.consent import Consent
from config.controller import Controller
from config.destination import DEFAULT_SANDBOX, Destination
from config.document import Document, read_document
from config.explain import as_json, explained
from config.model import SANDBOX_URL, Model
from config.notice import Notice
from config.organisation import Organisation, OrganisationFile
from config.policy import Policy
from config.problem import Problem, nearest
from config.source import Source
from config.suppression import SuppressionList
from domain.errors import ConfigurationRefused

ORGANISATION: Final = "organisation.yaml"
POLICY: Final = "policy.yaml"
SINGLES: Final[Mapping[str, type[Model]]] = {"organisation": OrganisationFile, "policy": Policy}
FOLDERS: Final[Mapping[str, type[Model]]] = {
    "controllers": Controller,
    "sources": Source,
    "consents": Consent,
    "lists": SuppressionList,
    "notices": Notice,
    "destinations": Destination,
    "audiences": Audience,
}
_STEM: Final = re.compile(r"\A[a-z][a-z0-9_]{0,39}\Z")
M = TypeVar("M", bound=Model)


@dataclass(slots=True, kw_only=True)
class Draft:
    """``documents`` by relative file name; a model is absent where its file is not usable."""

    folder: Path
    environ: Mapping[str, str]
    documents: dict[str, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    head: OrganisationFile | None = None
    policy: Policy | None = None
    controllers: dict[str, Controller] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    consents: dict[str, Consent] = field(default_factory=dict)
    lists: dict[str, SuppressionList] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    destinations: dict[str, Destination] = field(default_factory=dict)
    audiences: dict[str, Audience] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, environ: Mapping[str, str]) -> Draft:
        """Read all files, then check each by itself and all against each other."""
        # Late: the checks read drafts.
        from config.across import across
        from config.within import within

        draft = cls(folder=folder, environ=environ)
        if not (folder / ORGANISATION).is_file():
            draft.problems.append(
                Problem(
                    file=_label(folder),
                    line=1,
                    what=f"there is no {ORGANISATION} in the configuration folder",
                    do="Point --config or SLUICE_CONFIG at your folder; copy config/example to begin with one",
                )
            )
            return draft
        draft._read_files()
        draft.problems += within(draft)
        draft.problems += across(draft)
        # Two audiences may run into the same fault.
        draft.problems = sorted(set(draft.problems))
        return draft

    def stems(self, kind: str) -> set[str]:
        """Names of the files in a folder, also of those that could not be read."""
        names = (Path(name) for name in self.documents)
        return {name.stem for name in names if str(name.parent) == kind}

    def problem(self, file: str, place: tuple[int | str, ...], what: str, do: str) -> Problem:
        """A problem at a place in a file."""
        return self.documents[file].problem(place, what, do)

    def organisation(self) -> Organisation:
        """The configuration, if nothing is wrong with it.

        Raises:
            ConfigurationRefused: every problem, each with file and line.
        """
        if self.problems or self.head is None or self.policy is None:
            count = len(self.problems)
            listed = "\n".join(f"  {problem}" for problem in self.problems)
            raise ConfigurationRefused(
                what=f"{count} problem{'s' if count != 1 else ''}\n{listed}\n",
                do="Correct the configuration; `sluice check` lists what to write",
                place=_label(self.folder),
            )
        return Organisation(
            folder=self.folder,
            name=self.head.name,
            log_origin=self.head.log_origin,
            storage=self.head.storage,
            keys=self.head.keys,
            controllers=self.controllers,
            sources=self.sources,
            consents=self.consents,
            lists=self.lists,
            notices=self.notices,
            destinations={name: self._aimed(one) for name, one in self.destinations.items()},
            audiences=self.audiences,
            policy=self.policy,
            digest=self.digest,
        )

    @property
    def digest(self) -> str:
        """Hex SHA-256 over the names and contents of all files (R-141)."""
        whole = hashlib.sha256()
        for name in sorted(self.documents):
            content = hashlib.sha256(self.documents[name].content).hexdigest()
            whole.update(f"{name}\0{content}\n".encode())
        return whole.hexdigest()

    def _aimed(self, destination: Destination) -> Destination:
        """A sandbox destination always gets a loopback address, so that none falls back to the real platform."""
        if not destination.sandbox or destination.endpoint:
            return destination
        return destination.model_copy(update={"endpoint": self.environ.get(SANDBOX_URL) or DEFAULT_SANDBOX})

    def _read_files(self) -> None:
        self.head = self._single(ORGANISATION, OrganisationFile)
        self.policy = self._single(POLICY, Policy)
        self._every("controllers", Controller, self.controllers)
        self._every("sources", Source, self.sources)
        self._every("consents", Consent, self.consents)
        self._every("lists", SuppressionList, self.lists)
        self._every("notices", Notice, self.notices)
        self._every("destinations", Destination, self.destinations)
        self._every("audiences", Audience, self.audiences)
        self._strangers()

    def _single(self, name: str, model: type[M]) -> M | None:
        if not (self.folder / name).is_file():
            self.problems.append(
                Problem(
                    file=name,
                    line=1,
                    what="the file is missing",
                    do="Copy it from config/example and adapt it",
                )
            )
            return None
        return self._model(self.folder / name, name, model)

    def _every(self, kind: str, model: type[M], into: dict[str, M]) -> None:
        paths = sorted((self.folder / kind).glob("*.yaml"))
        for path in (path for path in paths if not path.name.startswith(".")):
            if not _STEM.match(path.stem):
                self._stranger(
                    f"{kind}/", "a file name that is no plain name", "Use a-z, 0-9 and _, a letter first"
                )
                continue
            found = self._model(path, f"{kind}/{path.name}", model)
            if found is not None:
                into[path.stem] = found
        if not paths:
            self._stranger(
                f"{kind}/", "the folder is missing or empty", "Copy one from config/example and adapt it"
            )

    def _model(self, path: Path, name: str, model: type[M]) -> M | None:
        document = read_document(path, name)
        self.documents[name] = document
        self.problems += document.problems
        if not isinstance(document.data, dict):
            return None
        try:
            return model.model_validate_json(
                json.dumps(as_json(document.data)), context={"environ": self.environ}
            )
        except ValidationError as failed:
            self.problems += explained(failed, model, document)
            return None

    def _strangers(self) -> None:
        """YAML files that nothing reads: a mistyped folder or suffix must not go unnoticed."""
        known: dict[str, Any] = {ORGANISATION: 1, POLICY: 1, **{f"{kind}/": 1 for kind in FOLDERS}}
        for path in sorted([*self.folder.glob("*"), *self.folder.glob("*/*")]):
            name = path.relative_to(self.folder)
            if (
                path.suffix not in (".yaml", ".yml")
                or path.name.startswith(".")
                or str(name) in self.documents
            ):
                continue
            if len(name.parts) == 2 and path.suffix == ".yaml" and name.parts[0] in FOLDERS:
                continue  # named badly: told above
            meant = nearest(f"{name.parts[0]}/" if len(name.parts) > 1 else name.name, known)
            do = f"Move or rename it to {meant}" if meant else "Move it to one of " + ", ".join(known)
            where = str(name.parent) if len(name.parts) > 1 else "."
            place = f"{where}/" if _STEM.match(where) else "."
            self._stranger(place, "a YAML file that nothing reads", f"{do}; the suffix is .yaml")

    def _stranger(self, file: str, what: str, do: str) -> None:
        self.problems.append(Problem(file=file, line=1, what=what, do=do))


def _label(folder: Path) -> str:
    """The folder as messages name it."""
    name = folder.resolve().name
    return name if "@" not in name else "."


def problems(folder: Path, *, environ: Mapping[str, str] | None = None) -> list[Problem]:
    """Every problem of a configuration folder, by file and line."""
    return Draft.read(folder, os.environ if environ is None else environ).problems
