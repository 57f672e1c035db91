"""Released peers, which only format and hash: each on a sample of the same addresses, one process, one thread."""

from __future__ import annotations

import csv
from collections.abc import Callable
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.floor import DELIMITER

# Name in the figures: the package that must be installed, and the factory of the measured child. Meta's formatter
# comes twice: with the e-mail key alone, which is what we do, and with the keys that a multi-key upload usually has.
PEERS: Final = {
    "google-ads-datamanager-util": ("google.ads.datamanager_util", "benchmarks.peers:google"),
    "facebook-business": ("facebook_business", "benchmarks.peers:facebook"),
    "facebook-business-multi-key": ("facebook_business", "benchmarks.peers:facebook_multi_key"),
}
_NAMES: Final = ("Anneleen", "Peeters-Janssens", "BE")


def is_installed(module: str) -> bool:
    """Whether a peer can be measured here; peers are development dependencies."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def google_hex(addresses: list[str]) -> list[str]:
    """Format, hash and hex-encode with Google's own formatter; an address that it refuses is left out."""
    from google.ads.datamanager_util.format import Formatter

    formatter = Formatter()
    digests: list[str] = []
    for address in addresses:
        try:
            formatted = formatter.format_email_address(address)
        except ValueError:
            continue
        digests.append(formatter.hex_encode(formatter.hash_string(formatted)))
    return digests


def facebook_hex(addresses: list[str], names: tuple[str, ...] = ()) -> list[str]:
    """Normalise and hash with Meta's SDK, list schema, as its ``add_users`` does before it sends.

    Args:
        addresses: one a person; the digest of each comes back.
        names: given name, family name and country, hashed for every person beside the address.
    """
    from facebook_business.adobjects.customaudience import CustomAudience

    keys = CustomAudience.Schema.MultiKeySchema
    schema = [keys.email, keys.fn, keys.ln, keys.country][: 1 + len(names)]
    params = CustomAudience.format_params(schema, [[address, *names] for address in addresses], is_raw=True)
    return [row[0] for row in params["payload"]["data"]]


def facebook_multi_key_hex(addresses: list[str]) -> list[str]:
    """The same with given name, family name and country beside the address."""
    return facebook_hex(addresses, _NAMES)


def google(export: str, email: str, rows: str) -> Callable[[], int]:
    """Measured child of ``google_hex``."""
    return _formatting(google_hex, export, email, rows)


def facebook(export: str, email: str, rows: str) -> Callable[[], int]:
    """Measured child of ``facebook_hex``."""
    return _formatting(facebook_hex, export, email, rows)


def facebook_multi_key(export: str, email: str, rows: str) -> Callable[[], int]:
    """Measured child of ``facebook_multi_key_hex``."""
    return _formatting(facebook_multi_key_hex, export, email, rows)


def _formatting(
    formatter: Callable[[list[str]], list[str]], export: str, email: str, rows: str
) -> Callable[[], int]:
    formatter(["warm.up@post.example"])
    addresses = sample(Path(export), email, int(rows))

    def work() -> int:
        formatter(addresses)
        return len(addresses)

    return work


def sample(export: Path, email: str, rows: int) -> list[str]:
    """The first addresses of an export, as they stand there."""
    with export.open(encoding="utf-8", newline="") as file:
        return [row[email] for row in islice(csv.DictReader(file, delimiter=DELIMITER), rows)]
