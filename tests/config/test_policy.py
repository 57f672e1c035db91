from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.draft import OPTIONAL
from config.policy import Policy
from config.schema import json_schemas
from tests.config.conftest import EXAMPLE


def policy(months: int) -> Policy:
    return Policy(author="data_team", id=1, consent_max_age_months=months, criteria={})


@pytest.mark.parametrize(
    ("now", "months", "oldest"),
    [
        (datetime(2026, 11, 25, 9, 30, tzinfo=UTC), 24, datetime(2024, 11, 25, 9, 30, tzinfo=UTC)),
        (datetime(2026, 1, 15, tzinfo=UTC), 1, datetime(2025, 12, 15, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), 12, datetime(2025, 12, 31, tzinfo=UTC)),
        (datetime(2026, 3, 31, tzinfo=UTC), 1, datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), 12, datetime(2027, 3, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), 24, datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_consent_ages_by_calendar_months(now: datetime, months: int, oldest: datetime) -> None:
    assert policy(months).oldest_consent(now) == oldest


@given(
    now=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    months=st.integers(1, 36),
)
def test_time_never_makes_old_consent_young_again(now: datetime, months: int) -> None:
    oldest = policy(months).oldest_consent(now)
    assert oldest < now
    assert policy(months).oldest_consent(now + timedelta(days=1)) >= oldest
    assert now - oldest <= timedelta(days=31 * months)


def test_a_policy_cannot_be_changed_in_memory() -> None:
    with pytest.raises(ValueError, match="frozen"):
        policy(1).display_k = 1


def test_every_kind_of_file_has_a_closed_schema_with_a_text_for_every_key() -> None:
    schemas = json_schemas()
    assert set(schemas) == {path.stem for path in EXAMPLE.iterdir()} | OPTIONAL
    for schema in schemas.values():
        for model in (schema, *schema.get("$defs", {}).values()):
            if model.get("type") == "object":
                assert model["additionalProperties"] is False
                assert [name for name, one in model["properties"].items() if "description" not in one] == []
