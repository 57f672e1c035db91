"""Secrets are named, not held: how a name is resolved, and what looks like a secret itself (R-134)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

# The environment variable that holds the secret; with _FILE behind it, the one that names a file which does.
SecretName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")]

_KNOWN: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|AGE-SECRET-KEY-1"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS
    r"|\bya29\.[\w-]{10}"  # Google, access token
    r"|\b1//0[\w-]{20}"  # Google, refresh token
    r"|\bGOCSPX-[\w-]{10}"  # Google, client secret
    r"|\bAIza[\w-]{30}"  # Google, API key
    r"|\bEAA[A-Za-z0-9]{20}"  # Meta
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}"  # JSON web token
    r"|\bgh[pousr]_[A-Za-z0-9]{20}|\bgithub_pat_\w{20}|\bxox[abprs]-[\w-]{10}|\bsk_(?:live|test)_\w{10}"
    r"|://[^/\s:@]+:[^/\s@]+@"  # a password in an address
)
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]{32,}(?![0-9A-Za-z])")
_RUN: Final = re.compile(r"(?<![\w+=-])[\w+=-]{32,}(?![\w+=-])|(?<![\w/+=])[A-Za-z0-9/+=]{40}(?![\w/+=])")


def looks_secret(text: str) -> bool:
    """Whether a line holds something shaped as a key, a token, a password or a digest."""
    if _KNOWN.search(text) or _HEX.search(text):
        return True
    return any(_is_mixed(run.group()) for run in _RUN.finditer(text))


def _is_mixed(run: str) -> bool:
    return any(c.islower() for c in run) and any(c.isupper() for c in run) and any(c.isdigit() for c in run)


def absent(name: str, environ: Mapping[str, str]) -> str:
    """Why a named secret cannot be read, or "": never the secret, never the path of its file."""
    path = environ.get(f"{name}_FILE")
    if not path:
        return "" if environ.get(name, "").strip() else "is not set"
    try:
        return "" if Path(path).read_text(encoding="ascii").strip() else "stands in an empty file"
    except (OSError, ValueError):
        return "stands in a file that cannot be read"
