"""How the rows of a source are read: what the policy, the source and the lists say, and the keys (R-038, R-077)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from flows.aliases import kinds_of
from flows.wiring import Site
from transforms.email import NORMALISER_VERSIONS
from transforms.marks import ReadingRules
from transforms.subjects import SubjectKeys


def reading_rules(here: Site, name: str) -> ReadingRules:
    """What the policy and a source say about reading its rows."""
    source = here.org.sources[name]
    declared = {column.field for column in source.columns}
    return ReadingRules(
        today=here.now().date(),
        minimum_age=here.org.policy.minimum_age,
        reserved_domains=source.reserved_domains,
        values=here.org.policy.kept_values,
        own_domains=source.own_domains,
        own_acts=_lowered(word for words in source.own_acts.values() for word in words),
        first_party=_lowered(source.first_party_words) if "acquired_through" in declared else None,
        aliases=kinds_of(here),
    )


def read_as(here: Site, name: str) -> bytes:
    """What a source, the policy and the lists say about reading its rows: the same file read otherwise is another.

    The day is left out.
    """
    source, policy = here.org.sources[name], here.org.policy
    declared = source.model_dump(
        mode="json",
        include={"columns", "own_acts", "first_party_words", "reserved_domains", "own_domains"},
    )
    for field in ("reserved_domains", "own_domains"):
        declared[field] = sorted(declared[field])
    declared["canaries"] = [[one.contact_id, str(one.reason), *one.feeds] for one in source.canaries]
    values = {field: sorted(kept) for field, kept in policy.kept_values.items()}
    # Digests of other normalisers are others.
    normalisers = dict(NORMALISER_VERSIONS)
    # So are exports in which the forms are missing that a list needs to find somebody.
    forms = sorted(kinds_of(here))
    return json.dumps([declared, policy.minimum_age, values, normalisers, forms], sort_keys=True).encode()


def subject_keys(here: Site) -> SubjectKeys:
    """The keys of identity, from the key ring."""
    return SubjectKeys(
        suppression=here.keys.get("suppression"),
        address=here.keys.get("address"),
        lookup=here.keys.get("lookup"),
    )


def _lowered(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in words)
