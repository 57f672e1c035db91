"""What a controller's notices say, over all their versions (R-010, R-011)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from config.fragment import fragments
from config.notice import Claim, Notice, NoticeVersion
from config.problem import Problem

if TYPE_CHECKING:
    from config.draft import Draft


class Noticed(Protocol):
    """A configuration as far as its notices are concerned."""

    @property
    def notices(self) -> Mapping[str, Notice]:
        """Notices by file stem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One version, with where it stands."""

    file: str
    at: int
    version: NoticeVersion


def texts_of(whole: Noticed, controller: str) -> list[Text]:
    """Every version of every notice of a controller."""
    return [
        Text(file=f"notices/{stem}.yaml", at=at, version=version)
        for stem, notice in whole.notices.items()
        if notice.controller == controller
        for at, version in enumerate(notice.versions)
    ]


def names(text: Text, recipient: str, purpose: str | None = None) -> bool:
    """Whether a version names a recipient, and together with it a purpose (R-010)."""
    return recipient in text.version.recipients and purpose in (None, *text.version.purposes)


def is_told(draft: Draft, controller: str, recipient: str, purpose: str | None = None) -> bool:
    """Whether any version does; also when one of its notices could not be read, for that is told already."""
    if is_unread(draft, controller):
        return True
    return any(names(text, recipient, purpose) for text in texts_of(draft, controller))


def is_unread(draft: Draft, controller: str) -> bool:
    """Whether a notice could not be read that may be this controller's: one that does not name another."""
    others = draft.stems("controllers") - {controller}
    said = [one and one.get("controller") for one in fragments(draft, "notices")]
    return any(not isinstance(name, str) or name not in others for name in said)


def claiming(whole: Noticed, controller: str, recipient: str, claim: Claim) -> Iterator[Text]:
    """Versions that make a claim and count: those that name the recipient, and the newest (R-011)."""
    texts = texts_of(whole, controller)
    newest = max((text.version.published_on for text in texts), default=None)
    for text in texts:
        if claim in text.version.claims and (names(text, recipient) or text.version.published_on == newest):
            yield text


def notice_versions(draft: Draft) -> Iterator[Problem]:
    """Consent events name a version and a controller only, so a controller's versions must be told apart."""
    seen: dict[tuple[str, str], str] = {}
    for name, notice in draft.notices.items():
        file = f"notices/{name}.yaml"
        for at, version in enumerate(notice.versions):
            first = seen.setdefault((notice.controller, version.version), file)
            if first != file:
                yield draft.problem(
                    file,
                    ("versions", at, "version"),
                    f"the same controller has this version in {first} (R-010)",
                    "Give every text its own version",
                )
