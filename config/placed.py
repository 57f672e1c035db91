"""Where data, log and keys lie: apart from each other, and all of them in the EEA (R-057, R-070, R-132)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from config.document import Place
from config.organisation import OrganisationFile
from config.problem import Problem
from config.region import Region, region_of_key

if TYPE_CHECKING:
    from config.draft import Draft


class Located(Protocol):
    """A feed, as far as its place is concerned."""

    @property
    def location(self) -> str:
        """A folder or s3://bucket/prefix."""


_LOCATIONS: Final = ("location", "audit_location", "publish_location")


def placed(draft: Draft) -> Iterator[Problem]:
    """Everything about the places that organisation.yaml and the feeds name."""
    if draft.head is not None:
        yield from _head(draft, draft.head)
        yield from _region(draft, draft.head)


def _head(draft: Draft, head: OrganisationFile) -> Iterator[Problem]:
    file, storage, keys = "organisation.yaml", head.storage, head.keys
    if keys.file is None and keys.kms_key is None:
        yield draft.problem(file, ("keys",), "no keys are named (R-133)", "Write `file`, `kms_key` or both")
    if storage.kms_key is not None and storage.kms_key == keys.kms_key:
        yield draft.problem(
            file,
            ("keys", "kms_key"),
            "the same key encrypts the storage and wraps the keys (R-132)",
            "Write another key here",
        )
    kept = {"location": storage.location, "audit_location": storage.audit_location}
    if storage.publish_location:
        kept["publish_location"] = storage.publish_location
    for name, location in kept.items():
        for other, place in kept.items():
            if name > other and _overlap(location, place):
                yield draft.problem(
                    file,
                    ("storage", name),
                    f"`{name}` and `{other}` lie in each other (R-057)",
                    "Write a folder of its own for each: one holds personal data, the others may never",
                )
        if keys.file is not None and _inside(str(keys.file), location):
            yield draft.problem(
                file,
                ("keys", "file"),
                f"the key file lies in `{name}`, beside what it protects (R-132)",
                "Write a path outside of the storage",
            )


def _region(draft: Draft, head: OrganisationFile) -> Iterator[Problem]:
    """Buckets and keys lie in one declared region of the EEA (R-070)."""
    region = head.storage.region
    kept: list[tuple[str, Place, str | None]] = [
        ("organisation.yaml", ("storage", key), getattr(head.storage, key)) for key in _LOCATIONS
    ]
    feeds: tuple[tuple[str, Mapping[str, Located]], ...] = (
        ("sources", draft.sources),
        ("consents", draft.consents),
        ("lists", draft.lists),
        ("objections", draft.objections),
    )
    kept += [
        (f"{kind}/{stem}.yaml", ("location",), one.location)
        for kind, parts in feeds
        for stem, one in parts.items()
    ]
    for file, place, location in kept if region is None else ():
        if location is not None and location.startswith("s3://"):
            yield draft.problem(
                file,
                place,
                "a bucket, and `storage` in organisation.yaml names no region (R-070)",
                "Add `region: ` there: " + ", ".join(Region),
            )
    for holder, key in (("storage", head.storage.kms_key), ("keys", head.keys.kms_key)):
        named = region_of_key(key)
        if named and (named not in {str(one) for one in Region} or region not in (None, named)):
            yield draft.problem(
                "organisation.yaml",
                (holder, "kms_key"),
                "this key lies in another region than `region` of storage, or outside of the EEA (R-070)",
                "Write a key of the same region, one of: " + ", ".join(Region),
            )


def _inside(inner: str, outer: str) -> bool:
    return f"{inner.rstrip('/')}/".startswith(f"{outer.rstrip('/')}/")


def _overlap(one: str, other: str) -> bool:
    return _inside(one, other) or _inside(other, one)
