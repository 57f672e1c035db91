"""A configuration folder as far as it can be read, with every problem found on the way."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from config.audience import Audience
from config.consent import Consent
from config.controller import Controller
from config.data_class import DataClass
from config.destination import DEFAULT_SANDBOX, Destination
from config.document import Document, read_document
from config.exception import LegitimateInterest
from config.explain import as_json, explained
from config.mechanism import Mechanism
from config.model import SANDBOX_URL, Authored
from config.notice import Notice
from config.objection import ObjectionFeed
from config.organisation import Organisation, OrganisationFile
from config.policy import Policy
from config.problem import Problem
from config.purpose import Purpose
from config.source import Source
from config.stranger import STEM, strangers
from config.suppression import SuppressionList
from domain.errors import ConfigurationRefused

ORGANISATION: Final = "organisation.yaml"
POLICY: Final = "policy.yaml"
SINGLES: Final[Mapping[str, type[Authored]]] = {"organisation": OrganisationFile, "policy": Policy}
FOLDERS: Final[Mapping[str, type[Authored]]] = {
    "controllers": Controller,
    "sources": Source,
    "consents": Consent,
    "lists": SuppressionList,
    "notices": Notice,
    "destinations": Destination,
    "audiences": Audience,
    "purposes": Purpose,
    "mechanisms": Mechanism,
    "data_classes": DataClass,
    "exceptions": LegitimateInterest,
    "objections": ObjectionFeed,
}
# Consent is the rule: most organisations have no exception to it.
OPTIONAL: Final = frozenset({"exceptions"})
M = TypeVar("M", bound=Authored)


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
    purposes: dict[str, Purpose] = field(default_factory=dict)
    mechanisms: dict[str, Mechanism] = field(default_factory=dict)
    data_classes: dict[str, DataClass] = field(default_factory=dict)
    exceptions: dict[str, LegitimateInterest] = field(default_factory=dict)
    objections: dict[str, ObjectionFeed] = field(default_factory=dict)

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
            purposes=self.purposes,
            mechanisms=self.mechanisms,
            data_classes=self.data_classes,
            exceptions=self.exceptions,
            objections=self.objections,
            actors=self.head.actors,
            policy=self.policy,
            digest=self.digest,
            files=self.files,
            authors={file: one.author for file, one in self.written()},
            documents=self.documents,
        )

    def written(self) -> Iterator[tuple[str, Authored]]:
        """Relative name and model of every file that is usable."""
        if self.head is not None:
            yield ORGANISATION, self.head
        if self.policy is not None:
            yield POLICY, self.policy
        for kind in FOLDERS:
            parts: dict[str, Authored] = getattr(self, kind)
            yield from ((f"{kind}/{stem}.yaml", part) for stem, part in parts.items())

    @property
    def files(self) -> dict[str, str]:
        """Relative name to hex SHA-256 of the bytes of every file: what an approval binds to (R-141)."""
        return {name: hashlib.sha256(one.content).hexdigest() for name, one in sorted(self.documents.items())}

    @property
    def digest(self) -> str:
        """Hex SHA-256 over the names and contents of all files (R-141)."""
        whole = hashlib.sha256()
        for name, content in self.files.items():
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
        for kind, model in FOLDERS.items():
            self._every(kind, model, getattr(self, kind))
        for place, do in strangers(self.folder, {ORGANISATION, POLICY, *self.documents}, FOLDERS):
            self._stranger(place, "a YAML file that nothing reads", f"{do}; the suffix is .yaml")

    def _single(self, name: str, model: type[M]) -> M | None:
        if not (self.folder / name).exists():
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
            if not STEM.match(path.stem):
                self._stranger(
                    f"{kind}/", "a file name that is no plain name", "Use a-z, 0-9 and _, a letter first"
                )
                continue
            found = self._model(path, f"{kind}/{path.name}", model)
            if found is not None:
                into[path.stem] = found
        if not paths and kind not in OPTIONAL:
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

    def _stranger(self, file: str, what: str, do: str) -> None:
        self.problems.append(Problem(file=file, line=1, what=what, do=do))


def _label(folder: Path) -> str:
    """The folder as messages name it."""
    name = folder.resolve().name
    return name if "@" not in name else "."


def problems(folder: Path, *, environ: Mapping[str, str] | None = None) -> list[Problem]:
    """Every problem of a configuration folder, by file and line."""
    return Draft.read(folder, os.environ if environ is None else environ).problems
