from __future__ import annotations

import pytest

from tests.audit.logs import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()
