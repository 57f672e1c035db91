"""Google Customer Match over the Data Manager API, v1 (facts: platforms.md section 1)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from destinations import receipts
from destinations.egress import Answer, EgressClient, Token, is_reference
from destinations.google_errors import GoogleFault, fault_of
from destinations.google_status import settled, size_of
from destinations.retrying import Later, Pace, Patience
from domain.audience import BodyTemplate, ListSize, Operation, Platform, Receipt, ReceiptState, Replacement
from domain.errors import ConfigurationRefused, GateRefused, PlatformRefused

ENDPOINT: Final = "https://datamanager.googleapis.com"
BATCH_ROWS: Final = 10_000
# Documented quota: 300 a minute, reads and writes counted apart.
REQUESTS_PER_MINUTE: Final = 300
ACCOUNT_TYPES: Final = frozenset({"GOOGLE_ADS", "DISPLAY_VIDEO_PARTNER", "DISPLAY_VIDEO_ADVERTISER"})

_ID: Final = re.compile(r"\A[0-9]{1,19}\Z")
_PATHS: Final = {
    Operation.ADD: "/v1/audienceMembers:ingest",
    Operation.REMOVE: "/v1/audienceMembers:remove",
}
_FORGOTTEN: Final = frozenset({"INVALID_REQUEST_ID", "REQUEST_TOO_OLD", "NOT_FOUND"})


class GoogleCustomerMatch:
    """One Google account. A request is queued first and settles later, so every send gives a PENDING receipt."""

    platform: Final = Platform.GOOGLE
    batch_rows: Final = BATCH_ROWS
    removes_everywhere: Final = False

    def __init__(
        self,
        *,
        name: str,
        client: EgressClient,
        token: Token,
        operating_account: str,
        login_account: str | None = None,
        account_type: str = "GOOGLE_ADS",
        terms_accepted: bool = False,
        endpoint: str = ENDPOINT,
        patience: Patience | None = None,
        requests_per_minute: int | None = REQUESTS_PER_MINUTE,
    ) -> None:
        for account in (operating_account, login_account or operating_account):
            _require_id(account, "account", name)
        if account_type not in ACCOUNT_TYPES:
            raise ConfigurationRefused(what="unknown Google account type", do="Use GOOGLE_ADS", place=name)
        self.name = name
        self._client, self._token, self._endpoint = client, token, endpoint.rstrip("/")
        self._operating, self._login, self._type = operating_account, login_account, account_type
        self._terms_accepted = terms_accepted
        self._patience = patience or Patience()
        self._writes = Pace(per_minute=requests_per_minute, patience=self._patience)
        self._reads = Pace(per_minute=requests_per_minute, patience=self._patience)

    def template(self, operation: Operation, list_id: str, *, consented: bool = False) -> BodyTemplate:
        """See AudienceDestination.template. Consent is stated only in an add whose rows earned it (R-013)."""
        if operation is Operation.ADD and not consented:
            raise GateRefused(
                what="an add in which not every row has earned its consent",
                do="Do not send; report this: the gate must have stopped it",
                place=self.name,
            )
        if operation is Operation.ADD and not self._terms_accepted:
            raise ConfigurationRefused(
                what="the Customer Match terms are not accepted",
                do="Accept them in the account and set terms_accepted_on",
                place=self.name,
            )
        return self._shape(operation, list_id)

    def _shape(self, operation: Operation, list_id: str) -> BodyTemplate:
        _require_id(list_id, "list", self.name)
        tail: dict[str, Any] = {"encoding": "HEX"}
        if operation is Operation.ADD:
            granted = "CONSENT_GRANTED"
            tail["consent"] = {"adUserData": granted, "adPersonalization": granted}
            tail["termsOfService"] = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
        opening = _json({"destinations": [self._destination(list_id)]})
        return BodyTemplate(
            head=opening[:-1] + b',"audienceMembers":[',
            before=b'{"userData":{"userIdentifiers":[{"emailAddress":"',
            after=b'"}]}}',
            separator=b",",
            tail=b"]," + _json(tail)[1:],
        )

    def _destination(self, list_id: str) -> dict[str, Any]:
        found: dict[str, Any] = {"operatingAccount": self._account(self._operating)}
        if self._login and self._login != self._operating:
            found["loginAccount"] = self._account(self._login)
        return {**found, "productDestinationId": list_id}

    def _account(self, account: str) -> dict[str, str]:
        return {"accountId": account, "accountType": self._type}

    def send(self, operation: Operation, list_id: str, body: bytes, *, rows: int) -> Receipt:
        """See AudienceDestination.send. A fault in any row rejects the whole batch: REFUSED, with row reasons."""
        if not 0 < rows <= BATCH_ROWS:
            raise GateRefused(
                what=f"a batch of {rows} rows", do=f"Send 1 to {BATCH_ROWS} rows", place=self.name
            )
        if operation not in _PATHS:
            raise GateRefused(
                what="Google has no removal from every audience", do="Remove list by list", place=self.name
            )
        template, url = self._shape(operation, list_id), self._endpoint + _PATHS[operation]

        def attempt() -> Answer:
            self._writes.wait()
            return self._client.send_body(
                "POST", url, token=self._token, body=body, template=template, rows=rows
            )

        answer, fault = self._answered(attempt)
        if fault and fault.is_batch:
            return receipts.refused(operation, "", rows, fault.reasons)
        if fault:
            raise self._stopped(fault)
        return _queued(operation, answer, rows)

    def settle(self, receipt: Receipt) -> Receipt:
        """See AudienceDestination.settle. PARTIAL_SUCCESS or any error count, consent above all, gives REFUSED."""
        if receipt.state is not ReceiptState.PENDING:
            return receipt
        url = self._endpoint + "/v1/requestStatus:retrieve"

        def attempt() -> Answer:
            self._reads.wait()
            return self._client.ask(url, token=self._token, query={"requestId": receipt.request_ref})

        answer, fault = self._answered(attempt)
        if fault and _FORGOTTEN & {name for name, _ in fault.reasons}:
            return receipts.unknown(receipt.operation, receipt.request_ref, receipt.rows, fault.name)
        if fault:
            raise self._stopped(fault)
        return settled(receipt, answer.document)

    def size(self, list_id: str) -> ListSize:
        """See AudienceDestination.size. Google rounds, and says nothing of a small list."""
        _require_id(list_id, "list", self.name)
        url = f"{self._endpoint}/v1/{self._resource(self._operating)}/userLists/{list_id}"
        login = self._resource(self._login) if self._login and self._login != self._operating else None

        def attempt() -> Answer:
            self._reads.wait()
            return self._client.ask(url, token=self._token, query={}, login_account=login)

        answer, fault = self._answered(attempt)
        if fault:
            raise self._stopped(fault)
        return size_of(answer.document)

    def begin_replacement(self, list_id: str, *, rows: int, reference: int, now: datetime) -> Replacement:
        """See AudienceDestination.begin_replacement: ``now`` becomes the cut-off."""
        return Replacement(list_id=list_id, reference=reference, started_at=now, rows=rows)

    def replacement_template(
        self, replacement: Replacement, *, number: int, last: bool, consented: bool
    ) -> BodyTemplate:
        """See AudienceDestination.replacement_template: a part is an ordinary add."""
        return self.template(Operation.ADD, replacement.list_id, consented=consented)

    def send_replacement(
        self, replacement: Replacement, body: bytes, *, rows: int, number: int, last: bool
    ) -> Receipt:
        """See AudienceDestination.send_replacement."""
        return self.send(Operation.ADD, replacement.list_id, body, rows=rows)

    def finish_replacement(self, replacement: Replacement) -> Receipt:
        """See AudienceDestination.finish_replacement. With a fixed cut-off it can be repeated (platforms.md 1.8)."""
        document = {
            "destinations": [self._destination(replacement.list_id)],
            "removeAsOfTime": replacement.started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }

        def attempt() -> Answer:
            self._writes.wait()
            url = self._endpoint + "/v1/audienceMembers:removeAll"
            return self._client.command(url, token=self._token, document=document)

        answer, fault = self._answered(attempt)
        if fault:
            raise self._stopped(fault)
        return _queued(Operation.REMOVE, answer, 0)

    def _resource(self, account: str) -> str:
        return f"accountTypes/{self._type}/accounts/{account}"

    def _answered(self, attempt: Callable[[], Answer]) -> tuple[Answer, GoogleFault | None]:
        """The answer and, unless it is a success, its fault; busy ones were tried again, a token fault once."""
        renewed = False

        def once() -> tuple[Answer, GoogleFault | None]:
            nonlocal renewed
            answer = attempt()
            if answer.status == 200 and "error" not in answer.document:
                return answer, None
            fault = fault_of(answer)
            if fault.is_token and not renewed:
                # The token provider is asked again: it may have expired between two requests.
                renewed = True
                return once()
            if fault.is_busy:
                raise Later(
                    what=f"{fault.name} (HTTP {answer.status})",
                    do="Wait and run again; sending the same rows twice changes nothing",
                    place=self.name,
                    after_seconds=answer.retry_after_seconds,
                )
            return answer, fault

        return self._patience.call(once)

    def _stopped(self, fault: GoogleFault) -> PlatformRefused:
        place = f"{self.name}, {fault.place}" if fault.place else self.name
        return PlatformRefused(what=fault.name, do=fault.do, place=place)


def _queued(operation: Operation, answer: Answer, rows: int) -> Receipt:
    reference = answer.document.get("requestId")
    if not is_reference(reference):
        return receipts.unknown(operation, "", rows, "NO_REQUEST_REFERENCE")
    return receipts.pending(operation, str(reference), rows)


def _require_id(value: str, kind: str, place: str) -> None:
    if not _ID.match(value):
        raise ConfigurationRefused(
            what=f"the {kind} id is not a number", do=f"Write the {kind} id as digits only", place=place
        )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
