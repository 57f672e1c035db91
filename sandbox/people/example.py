"""The fictional organisation of ``config/example``, as far as the generator needs it; a test holds both together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.people.scope import Setting, Target

_DESTINATIONS: Final = {"google_ads": ("google", "google_ireland"), "meta_ads": ("meta", "meta_ireland")}
_AUDIENCES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "travel_customers": {"customer_status": ("customer",), "product_family": ("travel", "mobility")},
    "regional_dutch_speakers": {"language": ("nl",), "region": ("flanders", "brussels")},
}

EXAMPLE: Final = Setting(
    targets=tuple(
        Target(
            audience=audience,
            destination=destination,
            platform=platform,
            controller="fund",
            purpose="ad_platform_match",
            recipient=recipient,
            notice="2026-01",
            criteria=criteria,
        )
        for audience, criteria in _AUDIENCES.items()
        for destination, (platform, recipient) in _DESTINATIONS.items()
    ),
    catalogue={
        "language": ("nl", "fr", "de", "en"),
        "region": ("flanders", "brussels", "wallonia"),
        "customer_status": ("customer", "former_customer", "prospect"),
        # No audience may choose by the last one; the CRM has it all the same.
        "product_family": ("travel", "mobility", "legal_aid", "webshop", "hospital_plan"),
    },
    old_notice="2024-09",
    own_domain="zilverwilg.example",
    plain_list=False,
)
