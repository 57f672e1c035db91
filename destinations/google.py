"""Google Customer Match over the Data Manager API, v1 (facts: platforms.md section 1)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from destinations import receipts
from destinations.egress import Answer, EgressClient, Token, is_reference
from destinations.google_errors import GoogleFault, fault_of, processing_counts
from destinations.retrying import Later, Pace, Patience
from domain.audience import BodyTemplate, Operation, Platform, Receipt, ReceiptState
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
        destination: dict[str, Any] = {"operatingAccount": self._account(self._operating)}
        if self._login and self._login != self._operating:
            destination["loginAccount"] = self._account(self._login)
        destination["productDestinationId"] = list_id
        tail: dict[str, Any] = {"encoding": "HEX"}
        if operation is Operation.ADD:
            granted = "CONSENT_GRANTED"
            tail["consent"] = {"adUserData": granted, "adPersonalization": granted}
            tail["termsOfService"] = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
        opening = _json({"destinations": [destination]})
        return BodyTemplate(
            head=opening[:-1] + b',"audienceMembers":[',
            before=b'{"userData":{"userIdentifiers":[{"emailAddress":"',
            after=b'"}]}}',
            separator=b",",
            tail=b"]," + _json(tail)[1:],
        )

    def _account(self, account: str) -> dict[str, str]:
        return {"accountId": account, "accountType": self._type}

    def send(self, operation: Operation, list_id: str, body: bytes, *, rows: int) -> Receipt:
        """See AudienceDestination.send. A fault in any row rejects the whole batch: REFUSED, with row reasons."""
        if not 0 < rows <= BATCH_ROWS:
            raise GateRefused(
                what=f"a batch of {rows} rows", do=f"Send 1 to {BATCH_ROWS} rows", place=self.name
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
        reference = answer.document.get("requestId")
        if not is_reference(reference):
            return receipts.unknown(operation, "", rows, "NO_REQUEST_REFERENCE")
        return receipts.pending(operation, str(reference), rows)

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
        return _settled(receipt, answer.document)

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
        do = "Correct the account, list, permission or terms that the code names; then run again"
        if fault.is_token:
            do = "Renew the platform credential; then run again"
        place = f"{self.name}, {fault.place}" if fault.place else self.name
        return PlatformRefused(what=fault.name, do=do, place=place)


def _settled(receipt: Receipt, document: Mapping[str, Any]) -> Receipt:
    entries = document.get("requestStatusPerDestination")
    entry = entries[0] if isinstance(entries, list) and len(entries) == 1 else None
    if not isinstance(entry, Mapping):
        return receipt
    operation, reference, rows = receipt.operation, receipt.request_ref, receipt.rows
    status = entry.get("requestStatus")
    stated = [(name, receipts.count_of(count)) for name, count in processing_counts(entry)]
    # A count that cannot be read speaks for every row.
    reasons = tuple((name, rows if count is None else count) for name, count in stated if count != 0)
    faulty = sum(count for _, count in reasons)
    if status == "FAILED":
        return receipts.refused(operation, reference, rows, reasons or (("FAILED", rows),))
    if status == "PARTIAL_SUCCESS" and not faulty:
        return receipts.unknown(operation, reference, rows, "PARTIAL_SUCCESS_WITHOUT_COUNTS")
    if status in ("SUCCESS", "PARTIAL_SUCCESS"):
        received = _received(entry, operation)
        return receipts.counted(
            operation,
            reference,
            rows,
            received=rows if received is None else received,
            faulty=faulty,
            reasons=reasons,
        )
    return receipt


def _received(entry: Mapping[str, Any], operation: Operation) -> int | None:
    names = {
        Operation.ADD: ("audienceMembersIngestionStatus", "userDataIngestionStatus"),
        Operation.REMOVE: ("audienceMembersRemovalStatus", "userDataRemovalStatus"),
    }[operation]
    found: Any = entry
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    # Protobuf's JSON leaves a zero out.
    return receipts.count_of(found.get("recordCount", 0)) if isinstance(found, Mapping) else None


def _require_id(value: str, kind: str, place: str) -> None:
    if not _ID.match(value):
        raise ConfigurationRefused(
            what=f"the {kind} id is not a number", do=f"Write the {kind} id as digits only", place=place
        )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
