"""Settings to adapters: the only place that reads the environment, the clock and the random source."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from structlog.typing import FilteringBoundLogger

from audit.ledger import Ledger
from boundary.logs import get_log
from boundary.zones import OutboundUri, PseudonymousUri
from config.destination import Destination
from config.organisation import Organisation, load
from config.policy import Policy
from destinations.egress import EgressClient, Token
from destinations.google import REQUESTS_PER_MINUTE, GoogleCustomerMatch
from destinations.meta import MetaCustomAudience
from destinations.protocol import AudienceDestination
from destinations.retrying import Patience
from domain.audience import Platform
from domain.errors import KeyUnavailable
from flows.memberships import Memberships
from flows.publication import Publication
from flows.record import Record
from flows.sent import SentLedger
from flows.snapshots import Snapshots
from storage.frames import Frames
from storage.keys import KeyRing, key_ring
from storage.objects import Store, store_at
from storage.registers import Register
from storage.watermarks import Watermarks
from transforms.contracts import CONSENT, SUPPRESSION

CODE_VERSION: Final = "0.1.0"
HOOK_TOKEN_CHARACTERS: Final = 32


@dataclass(frozen=True, kw_only=True, repr=False)
class Site:
    """One organisation's adapters. Clock and randomness are fields, so that tests choose them."""

    org: Organisation
    keys: KeyRing
    store: Store
    audit_store: Store
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    log: FilteringBoundLogger = field(default_factory=get_log)
    _destinations: dict[str, AudienceDestination] = field(default_factory=dict)
    _clients: list[EgressClient] = field(default_factory=list)
    stages: MutableMapping[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the seconds of a block towards a stage of the pipeline."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] += time.perf_counter() - start

    @cached_property
    def frames(self) -> Frames:
        """Encrypted columnar files of the pseudonymous zone."""
        return Frames(self.store, self.keys.get("envelope"))

    @cached_property
    def suppression(self) -> Register:
        """Everybody who said no, and everybody on a list."""
        return Register(self.store, self.frames, "suppression", SUPPRESSION, noted=self.watermarks.note)

    @cached_property
    def consent(self) -> Register:
        """What was agreed to and withdrawn."""
        return Register(self.store, self.frames, "consent", CONSENT, noted=self.watermarks.note)

    @cached_property
    def watermarks(self) -> Watermarks:
        """How far each register has come, as it is noted outside of the store."""
        return Watermarks(self.audit_store)

    @cached_property
    def snapshots(self) -> Snapshots:
        """Which export of a source is in force."""
        return Snapshots(self.store)

    @cached_property
    def memberships(self) -> Memberships:
        """What the platforms may hold."""
        return Memberships(self.store, self.frames)

    @cached_property
    def sent(self) -> SentLedger:
        """Every digest that ever left, by list."""
        return SentLedger(self.store, self.keys.get("sent"), self.random)

    @cached_property
    def ledger(self) -> Ledger:
        """The permanent tier of the audit log."""
        return Ledger(self.audit_store, origin=self.org.log_origin, signer=self.keys.get("log"), now=self.now)

    @cached_property
    def publication(self) -> Publication:
        """Where checkpoints of the audit log are published."""
        to = self.org.storage
        at = to.publish_location
        return Publication(
            store_at(OutboundUri(at), kms_key=to.kms_key, region=to.region) if at is not None else None
        )

    @cached_property
    def record(self) -> Record:
        """The approvals and stops of the audit log."""
        return Record(self.audit_store, self.ledger, self.publication)

    def destination(self, name: str) -> AudienceDestination:
        """The adapter of a destination; the same one each time, for it keeps the pace that its platform asks for."""
        if name not in self._destinations:
            settings = self.org.destinations[name]
            # Loopback is open for a sandbox destination only: nothing else ever connects without TLS.
            client = EgressClient(loopback=settings.sandbox)
            self._clients.append(client)
            self._destinations[name] = _adapter(name, settings, self.org.policy, client)
        return self._destinations[name]

    def close(self) -> None:
        """Close the connections to the platforms; asking for a destination opens new ones."""
        self._destinations.clear()
        while self._clients:
            self._clients.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def stamp(self) -> str:
        """The present second, as audit entries write it."""
        return self.now().isoformat(timespec="seconds")

    def mac(self, data: bytes) -> str:
        """Keyed digest (hex) of data that the permanent tier refers to; not guessable without the key (R-113)."""
        return hmac.new(self.keys.get("seal"), data, hashlib.sha256).hexdigest()

    def clear(self, prefix: str) -> None:
        """Delete everything below a prefix of the pseudonymous zone."""
        self.store.delete_tree(prefix)

    def write_json(self, name: str, document: Mapping[str, Any]) -> bytes:
        """Write a document of names and counts; gives its bytes."""
        text = json.dumps(document, sort_keys=True, indent=1).encode()
        self.store.write(name, text)
        return text


def site(config: str) -> Site:
    """Wire the organisation whose configuration lies in the folder ``config``.

    Raises:
        ConfigurationRefused, KeyUnavailable: what is wrong and what to do.
    """
    org = load(Path(config))
    region, kms_key = org.storage.region, org.storage.kms_key
    return Site(
        org=org,
        keys=key_ring(org.keys.file, kms_key=org.keys.kms_key, region=region),
        store=store_at(PseudonymousUri(org.storage.location), kms_key=kms_key, region=region),
        audit_store=store_at(OutboundUri(org.storage.audit_location), kms_key=kms_key, region=region),
        now=lambda: datetime.now(UTC),  # noqa: TID251
        random=secrets.token_bytes,
    )


def hook_token() -> Token:
    """What callers of the opt-out hook have to show: SLUICE_HOOK_TOKEN, or the file that SLUICE_HOOK_TOKEN_FILE names."""
    name = "SLUICE_HOOK_TOKEN"
    read = _secret(name)

    def strong() -> str:
        value = read()
        if len(value) < HOOK_TOKEN_CHARACTERS:
            raise KeyUnavailable(
                what=f"the secret {name} has fewer than {HOOK_TOKEN_CHARACTERS} characters",
                do="Make a random one, and give it to those who hand opt-outs in",
            )
        return value

    return strong


def _adapter(name: str, settings: Destination, policy: Policy, client: EgressClient) -> AudienceDestination:
    common: dict[str, Any] = {
        "name": name,
        "client": client,
        "token": _secret(settings.token),
        "terms_accepted": settings.terms_accepted_on is not None,
        "patience": Patience(
            first_seconds=policy.retry_first_seconds, longest_seconds=policy.retry_longest_seconds
        ),
    }
    if settings.endpoint:
        common["endpoint"] = settings.endpoint
    if settings.platform is Platform.GOOGLE:
        return GoogleCustomerMatch(
            **common,
            operating_account=settings.account,
            login_account=settings.login_account,
            requests_per_minute=None if settings.sandbox else REQUESTS_PER_MINUTE,
        )
    secret = _secret(settings.app_secret) if settings.app_secret else None
    return MetaCustomAudience(**common, account=settings.account, app_secret=secret)


def _secret(name: str) -> Token:
    """A secret by name: an environment variable, or a file that the variable ``NAME_FILE`` points to."""

    def read() -> str:
        path = os.environ.get(f"{name}_FILE")
        value = Path(path).read_text(encoding="ascii").strip() if path else os.environ.get(name, "")
        if not value:
            raise KeyUnavailable(
                what=f"the secret {name} is not set",
                do=f"Set the environment variable {name}, or {name}_FILE to a file that holds it",
            )
        return value

    return read
