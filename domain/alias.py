"""Under which further forms a list may name an address."""

from __future__ import annotations

from enum import StrEnum


class AliasKind(StrEnum):
    """What a list was made of, as far as the two platform digests do not cover it (R-038)."""

    SHA256 = "sha256"
    SHA256_ODD = "sha256_odd"
    """Also of the address in capitals or with an end of line behind it."""
    MD5 = "md5"
    MD5_ODD = "md5_odd"
    DOMAIN = "domain"
