"""One random world a seed."""

from __future__ import annotations

from random import Random
from typing import Final

from tests.properties.oracle.ground import CONTROLLERS, PURPOSES, RECIPIENTS, Ground, ground
from tests.properties.oracle.people import rows
from tests.properties.oracle.statements import events, lists, objections
from tests.properties.oracle.world import World

CATALOGUE: Final = {
    "language": ("nl", "fr"),
    "region": ("antwerpen", "luik"),
    "customer_status": ("customer", "former_customer", "prospect"),
    "product_family": ("reis", "hospitalisatie"),
}


def world(seed: int) -> World:
    """The world of a seed, the same everywhere."""
    made = ground(Random(seed))
    random = made.random
    recipient = random.choice(RECIPIENTS)
    # An exception for legitimate interest never reaches as far as look-alikes.
    expansions = (PURPOSES[1],) if made.policy.waiting_days is None and made.chance(0.25) else ()
    return World(
        controller=CONTROLLERS[0],
        purpose=PURPOSES[0],
        expansions=expansions,
        recipient=recipient,
        controllers=frozenset(CONTROLLERS),
        purposes=frozenset(PURPOSES),
        recipients=frozenset(RECIPIENTS),
        notices=made.notices,
        catalogue={field: frozenset(values) for field, values in CATALOGUE.items()},
        criteria=_criteria(made),
        policy=made.policy,
        now=made.now,
        rows=rows(made),
        events=events(made, (PURPOSES[0], *expansions), recipient),
        objections=objections(made),
        lists=lists(made),
    )


def _criteria(made: Ground) -> dict[str, tuple[str, ...]]:
    chosen = made.random.sample(sorted(CATALOGUE), made.random.randrange(len(CATALOGUE) + 1))
    return {field: CATALOGUE[field] if made.chance(0.7) else CATALOGUE[field][:1] for field in chosen}
