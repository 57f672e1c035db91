"""Any envelope, however strange, becomes names from closed lists and numbers, and never an exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destinations import google_errors, meta_errors
from destinations.egress import Answer
from tests.destinations.batches import hexes, holds_a_digest

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(sorted(hexes())),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "details", "reason", "fieldViolations", "field", "code", "status", "message"]
            )
            | st.sampled_from(["error_subcode", "is_transient", "description"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from(["error", "requestId"]), VALUES, max_size=2)
KNOWN = google_errors.TRANSIENT | google_errors.ROWS | google_errors.PEOPLE | google_errors.STATUSES


@given(DOCUMENTS, st.sampled_from([200, 302, 400, 401, 403, 404, 429, 500, 503]))
def test_googles_envelope_is_reduced_to_known_names(document: dict[str, Any], status: int) -> None:
    fault = google_errors.fault_of(Answer(status=status, document=document))
    assert {name for name, _ in fault.reasons} <= KNOWN | {google_errors.UNKNOWN_REASON}
    assert fault.reasons
    assert not holds_a_digest(repr(fault) + fault.name + fault.place)
    assert fault.is_busy or status not in (429, 500, 503)


@given(DOCUMENTS, st.sampled_from([200, 400, 401, 429, 500]))
def test_metas_envelope_is_reduced_to_two_numbers(document: dict[str, Any], status: int) -> None:
    fault = meta_errors.fault_of(Answer(status=status, document=document))
    if fault is None:
        assert status == 200
        assert document
        assert document.get("error") is None
    else:
        assert not holds_a_digest(repr(fault) + fault.name + fault.do)


def violations(*found: dict[str, Any], status: str = "INVALID_ARGUMENT") -> Answer:
    details = [{"reason": "INVALID_ARGUMENT"}, {"fieldViolations": list(found)}]
    return Answer(status=400, document={"error": {"code": 400, "status": status, "details": details}})


def row(number: int, reason: str = "INVALID_SHA256_FORMAT") -> dict[str, Any]:
    place = f"audience_members.audience_members[{number}].user_data.user_identifiers[0].email_address"
    return {"field": place, "reason": reason}


def test_the_rows_that_google_names_are_given_by_number_and_never_all_of_them() -> None:
    fault = google_errors.fault_of(violations(row(17), row(3), row(17)))
    assert (fault.rows, fault.place) == ((3, 17), "rows 3, 17")
    assert fault.reasons == (("INVALID_SHA256_FORMAT", 3),)
    assert fault.is_batch
    assert len(google_errors.fault_of(violations(*map(row, range(100)))).rows) == 20


def test_one_fault_that_a_person_has_to_mend_outweighs_those_of_rows() -> None:
    assert not google_errors.fault_of(violations(row(1), row(2, "NOT_ALLOWLISTED"))).is_batch


@pytest.mark.parametrize(
    "status", ["UNAVAILABLE", "INTERNAL", "ABORTED", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"]
)
def test_a_canonical_status_alone_says_that_it_may_pass(status: str) -> None:
    assert google_errors.fault_of(violations(status=status)).is_busy


USAGE: list[tuple[Any, float]] = [
    ("", 0),
    ("nonsense", 0),
    ([], 0),
    ({"1": "x", "2": [7, None]}, 0),
    ({"1": [{"call_count": 79, "total_cputime": 79, "total_time": 79}]}, 0),
    ({"1": [{"call_count": 80}]}, 60),
    ({"1": [{"total_cputime": 99}]}, 60),
    ({"1": [{"total_time": 99, "estimated_time_to_regain_access": 5}]}, 300),
    ({"1": [{"call_count": 1}], "2": [{"call_count": 1, "estimated_time_to_regain_access": 2}]}, 120),
    ({"1": [{"call_count": "99"}, {"call_count": -99}, {"call_count": 1e9}]}, 0),
]


@pytest.mark.parametrize(("usage", "seconds"), USAGE)
def test_a_usage_header_near_its_limit_asks_for_a_pause(usage: Any, seconds: float) -> None:
    text = usage if isinstance(usage, str) else json.dumps(usage)
    assert meta_errors.pause_seconds(text) == seconds
