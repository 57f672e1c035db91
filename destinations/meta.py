"""Meta Custom Audiences over the Marketing API, v26.0 (facts: platforms.md section 2)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final

from destinations import receipts
from destinations.egress import Answer, EgressClient, Method, Token, is_reference
from destinations.meta_errors import MetaFault, fault_of, pause_seconds
from destinations.retrying import Later, Pace, Patience
from domain.audience import BodyTemplate, Operation, Platform, Receipt
from domain.errors import ConfigurationRefused, GateRefused, PlatformRefused

ENDPOINT: Final = "https://graph.facebook.com"
VERSION: Final = "v26.0"
BATCH_ROWS: Final = 10_000

_ID: Final = re.compile(r"\A[0-9]{1,20}\Z")
# DELETE with a JSON body, as the production connectors do: the SDK would put every digest into the URL.
_METHODS: Final[dict[Operation, Method]] = {Operation.ADD: "POST", Operation.REMOVE: "DELETE"}


class MetaCustomAudience:
    """One ad account. Answers at once; a receipt says what was taken, not who was matched."""

    platform: Final = Platform.META
    batch_rows: Final = BATCH_ROWS
    removes_everywhere: Final = False

    def __init__(
        self,
        *,
        name: str,
        client: EgressClient,
        token: Token,
        terms_accepted: bool = False,
        app_secret: Callable[[], str] | None = None,
        endpoint: str = ENDPOINT,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self._client, self._token, self._app_secret = client, token, app_secret
        self._endpoint = f"{endpoint.rstrip('/')}/{VERSION}"
        self._terms_accepted = terms_accepted
        self._patience = patience or Patience()
        self._pace = Pace(per_minute=None, patience=self._patience)

    def template(self, operation: Operation, list_id: str, *, consented: bool = False) -> BodyTemplate:
        """See AudienceDestination.template. Meta has no consent field; an add asks for it all the same."""
        if operation is Operation.ADD and not consented:
            raise GateRefused(
                what="an add in which not every row has earned its consent",
                do="Do not send; report this: the gate must have stopped it",
                place=self.name,
            )
        if operation is Operation.ADD and not self._terms_accepted:
            raise ConfigurationRefused(
                what="the Custom Audience terms are not accepted",
                do="Accept them in the ad account and set terms_accepted_on",
                place=self.name,
            )
        return self._shape(list_id)

    def _shape(self, list_id: str) -> BodyTemplate:
        if not _ID.match(list_id):
            raise ConfigurationRefused(
                what="the audience id is not a number",
                do="Write the audience id as digits only",
                place=self.name,
            )
        # One key as a string, for the life of the audience: another shape makes another data source (error 2650).
        return BodyTemplate(
            head=b'{"payload":{"schema":"EMAIL_SHA256","data":[',
            before=b'"',
            after=b'"',
            separator=b",",
            tail=b"]}" + self._proof() + b"}",
        )

    def _proof(self) -> bytes:
        if self._app_secret is None:
            return b""
        signed = hmac.new(self._app_secret().encode(), self._token().encode(), hashlib.sha256)
        return b',"appsecret_proof":"' + signed.hexdigest().encode() + b'"'

    def send(self, operation: Operation, list_id: str, body: bytes, *, rows: int) -> Receipt:
        """See AudienceDestination.send. Invalid entries count as refused; the samples Meta echoes are dropped."""
        if not 0 < rows <= BATCH_ROWS:
            raise GateRefused(
                what=f"a batch of {rows} rows", do=f"Send 1 to {BATCH_ROWS} rows", place=self.name
            )
        template, url = self._shape(list_id), f"{self._endpoint}/{list_id}/users"

        def attempt() -> tuple[Answer, MetaFault | None]:
            self._pace.wait()
            answer = self._client.send_body(
                _METHODS[operation], url, token=self._token, body=body, template=template, rows=rows
            )
            return answer, self._checked(answer)

        answer, fault = self._patience.call(attempt)
        if fault and fault.is_batch:
            return receipts.refused(operation, "", rows, ((fault.name, rows),))
        if fault:
            raise PlatformRefused(what=fault.name, do=fault.do, place=self.name)
        return _receipt(operation, answer, rows)

    def settle(self, receipt: Receipt) -> Receipt:
        """Nothing is ever pending at Meta."""
        return receipt

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


def _receipt(operation: Operation, answer: Answer, rows: int) -> Receipt:
    received = receipts.count_of(answer.document.get("num_received"))
    invalid = receipts.count_of(answer.document.get("num_invalid_entries"))
    session = str(answer.document.get("session_id", ""))
    reference = session if is_reference(session) and session.isdigit() else ""
    if received is None or invalid is None:
        return receipts.unknown(operation, reference, rows, "NO_COUNTS")
    reasons = (("INVALID_ENTRIES", invalid),) if invalid else ()
    return receipts.counted(operation, reference, rows, received=received, faulty=invalid, reasons=reasons)
