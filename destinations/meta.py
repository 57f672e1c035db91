"""Meta Custom Audiences over the Marketing API, v26.0 (facts: platforms.md section 2)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from destinations import receipts
from destinations.egress import Answer, EgressClient, Method, Token, is_reference
from destinations.meta_errors import ANEW, MetaFault, fault_of, pause_seconds
from destinations.meta_status import SESSION_FIELDS, SIZE_FIELDS, begun, ended, session_of, size_of
from destinations.retrying import Later, Pace, Patience
from domain.audience import BodyTemplate, ListSize, Operation, Platform, Receipt, ReceiptState, Replacement
from domain.errors import ConfigurationRefused, GateRefused, OutcomeUnknown, PlatformRefused

ENDPOINT: Final = "https://graph.facebook.com"
VERSION: Final = "v26.0"
BATCH_ROWS: Final = 10_000

_ID: Final = re.compile(r"\A[0-9]{1,20}\Z")
# DELETE with a JSON body, as the production connectors do: the SDK would put every digest into the URL.
_METHODS: Final[dict[Operation, Method]] = {
    Operation.ADD: "POST",
    Operation.REMOVE: "DELETE",
    Operation.REMOVE_EVERYWHERE: "DELETE",
}


class MetaCustomAudience:
    """One ad account. Answers at once; a receipt says what was taken, not who was matched."""

    platform: Final = Platform.META
    batch_rows: Final = BATCH_ROWS
    removes_everywhere: Final = True

    def __init__(
        self,
        *,
        name: str,
        client: EgressClient,
        token: Token,
        account: str,
        terms_accepted: bool = False,
        app_secret: Callable[[], str] | None = None,
        endpoint: str = ENDPOINT,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self._account = _require_id(account, "ad account", name)
        self._client, self._token, self._app_secret = client, token, app_secret
        self._endpoint = f"{endpoint.rstrip('/')}/{VERSION}"
        self._terms_accepted = terms_accepted
        self._patience = patience or Patience()
        self._pace = Pace(per_minute=None, patience=self._patience)

    def template(self, operation: Operation, list_id: str, *, consented: bool = False) -> BodyTemplate:
        """See AudienceDestination.template. Meta has no consent field; an add asks for it all the same."""
        if operation is Operation.ADD:
            self._require_addable(consented=consented)
        return self._shape(list_id)

    def _require_addable(self, *, consented: bool) -> None:
        if not consented:
            raise GateRefused(
                what="an add in which not every row has earned its consent",
                do="Do not send; report this: the gate must have stopped it",
                place=self.name,
            )
        if not self._terms_accepted:
            raise ConfigurationRefused(
                what="the Custom Audience terms are not accepted",
                do="Accept them in the ad account and set terms_accepted_on",
                place=self.name,
            )

    def _shape(self, list_id: str, session: bytes = b"") -> BodyTemplate:
        _require_id(list_id, "audience", self.name)
        # One key as a string, for the life of the audience: another shape makes another data source (error 2650).
        return BodyTemplate(
            head=b'{"payload":{"schema":"EMAIL_SHA256","data":[',
            before=b'"',
            after=b'"',
            separator=b",",
            tail=b"]}" + session + self._proof() + b"}",
        )

    def _proof(self) -> bytes:
        if self._app_secret is None:
            return b""
        signed = hmac.new(self._app_secret().encode(), self._token().encode(), hashlib.sha256)
        return b',"appsecret_proof":"' + signed.hexdigest().encode() + b'"'

    def send(self, operation: Operation, list_id: str, body: bytes, *, rows: int) -> Receipt:
        """See AudienceDestination.send. Invalid entries count as refused; the samples Meta echoes are dropped."""
        place = f"{list_id}/users"
        if operation is Operation.REMOVE_EVERYWHERE:
            place = f"act_{self._account}/usersofanyaudience"
        return self._sent(operation, place, body, self._shape(list_id), rows)

    def _sent(
        self,
        operation: Operation,
        place: str,
        body: bytes,
        template: BodyTemplate,
        rows: int,
        *,
        session_rows: int | None = None,
    ) -> Receipt:
        """Send a body, in a session behind ``session_rows`` others.

        There a part without an answer is never sent again: nobody knows whether its number is taken.
        """
        if not 0 < rows <= BATCH_ROWS:
            raise GateRefused(
                what=f"a batch of {rows} rows", do=f"Send 1 to {BATCH_ROWS} rows", place=self.name
            )

        def attempt() -> tuple[Answer, MetaFault | None]:
            self._pace.wait()
            try:
                answer = self._client.send_body(
                    _METHODS[operation],
                    f"{self._endpoint}/{place}",
                    token=self._token,
                    body=body,
                    template=template,
                    rows=rows,
                )
            except Later as lost:
                if session_rows is None:
                    raise
                silent = OutcomeUnknown(what=lost.what, do=ANEW, place=self.name)
            else:
                return answer, self._checked(answer)
            raise silent

        answer, fault = self._patience.call(attempt)
        if fault and fault.is_batch:
            return receipts.refused(operation, "", rows, ((fault.name, rows),))
        if fault:
            raise PlatformRefused(what=fault.name, do=fault.do, place=self.name)
        return _receipt(operation, answer, rows, before=session_rows or 0)

    def settle(self, receipt: Receipt) -> Receipt:
        """See AudienceDestination.settle. Only a replacement is ever pending at Meta."""
        if receipt.state is not ReceiptState.PENDING:
            return receipt
        list_id, session = session_of(receipt)
        query = {"session_id": session, "fields": SESSION_FIELDS}
        found = ended(receipt, self._asked(f"{list_id}/sessions", query))
        if found.state is ReceiptState.ACKNOWLEDGED and self.size(list_id).state == "updating":
            # Every row arrived, and the old people are not let go yet.
            return receipt
        return found

    def size(self, list_id: str) -> ListSize:
        """See AudienceDestination.size: two bounds, as Meta estimates them."""
        _require_id(list_id, "audience", self.name)
        return size_of(self._asked(list_id, {"fields": SIZE_FIELDS}))

    def _asked(self, place: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        def attempt() -> tuple[Answer, MetaFault | None]:
            self._pace.wait()
            answer = self._client.ask(f"{self._endpoint}/{place}", token=self._token, query=query)
            return answer, self._checked(answer)

        answer, fault = self._patience.call(attempt)
        if fault:
            raise PlatformRefused(what=fault.name, do=fault.do, place=self.name)
        return answer.document

    def begin_replacement(self, list_id: str, *, rows: int, reference: int, now: datetime) -> Replacement:
        """See AudienceDestination.begin_replacement: the reference names the session."""
        return Replacement(list_id=list_id, reference=reference, started_at=now, rows=rows)

    def replacement_template(
        self, replacement: Replacement, *, number: int, last: bool, consented: bool
    ) -> BodyTemplate:
        """See AudienceDestination.replacement_template."""
        self._require_addable(consented=consented)
        return self._replacing(replacement, number=number, last=last)

    def _replacing(self, replacement: Replacement, *, number: int, last: bool) -> BodyTemplate:
        session = {
            "session_id": replacement.reference,
            "batch_seq": number + 1,
            "last_batch_flag": last,
            "estimated_num_total": replacement.rows,
        }
        text = json.dumps(session, separators=(",", ":")).encode("ascii")
        return self._shape(replacement.list_id, b',"session":' + text)

    def send_replacement(
        self, replacement: Replacement, body: bytes, *, rows: int, number: int, last: bool
    ) -> Receipt:
        """See AudienceDestination.send_replacement. Meta counts for the whole session: only the last part tells."""
        template = self._replacing(replacement, number=number, last=last)
        place = f"{replacement.list_id}/usersreplace"
        return self._sent(Operation.ADD, place, body, template, rows, session_rows=number * BATCH_ROWS)

    def finish_replacement(self, replacement: Replacement) -> Receipt:
        """See AudienceDestination.finish_replacement: the last part has done it, and Meta is asked whether it has."""
        return self.settle(begun(replacement))

    def _checked(self, answer: Answer) -> MetaFault | None:
        pause = pause_seconds(answer.usage)
        fault = fault_of(answer)
        if fault and fault.is_busy:
            raise Later(
                what=f"{fault.name} (HTTP {answer.status})",
                do="Wait and run again; sending the same rows twice changes nothing",
                place=self.name,
                after_seconds=pause or answer.retry_after_seconds,
            )
        if pause:
            self._pace.hold(min(pause, self._patience.longest_seconds))
        return fault


def _require_id(value: str, kind: str, place: str) -> str:
    if not _ID.match(value):
        raise ConfigurationRefused(
            what=f"the {kind} id is not a number", do=f"Write the {kind} id as digits only", place=place
        )
    return value


def _receipt(operation: Operation, answer: Answer, rows: int, *, before: int) -> Receipt:
    """The receipt of a part; the platform counts for its session, in which ``before`` rows came earlier."""
    received = receipts.count_of(answer.document.get("num_received"))
    invalid = receipts.count_of(answer.document.get("num_invalid_entries"))
    session = str(answer.document.get("session_id", ""))
    reference = session if is_reference(session) and session.isdigit() else ""
    if received is None or invalid is None:
        return receipts.unknown(operation, reference, rows, "NO_COUNTS")
    reasons = (("INVALID_ENTRIES", invalid),) if invalid else ()
    return receipts.counted(
        operation, reference, rows, received=max(received - before, 0), faulty=invalid, reasons=reasons
    )
