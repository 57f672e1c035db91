"""Whatever stands in whatever place: something is told or nothing is, but no value is repeated and nothing raises."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from config.document import Document, read_document
from tests.config.conftest import EXAMPLE, Copy

# One file of each kind.
FILES = [
    "organisation.yaml",
    "policy.yaml",
    *(str(min(one.glob("*.yaml")).relative_to(EXAMPLE)) for one in sorted(EXAMPLE.iterdir()) if one.is_dir()),
]
CANARY = "jan.canary@secret.example"


def places(data: Any, at: tuple[int | str, ...] = ()) -> list[tuple[int | str, ...]]:
    """Every place in a document, of each list the first item."""
    inner = data.items() if isinstance(data, dict) else enumerate(data[:1]) if isinstance(data, list) else ()
    return [place for key, value in inner for place in [(*at, key), *places(value, (*at, key))]]


@pytest.fixture
def remembering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read each text once only: these tests change one file of sixteen, hundreds of times."""
    known: dict[tuple[str, bytes], Document] = {}

    def reading(path: Path, name: str) -> Document:
        key = (name, path.read_bytes())
        if key not in known:
            known[key] = read_document(path, name)
        return known[key]

    monkeypatch.setattr("config.draft.read_document", reading)


def replaced(data: Any, place: tuple[int | str, ...], value: object) -> Any:
    if not place:
        return value
    key, *rest = place
    if isinstance(data, dict):
        return {k: replaced(v, tuple(rest), value) if k == key else v for k, v in data.items()}
    return [replaced(v, tuple(rest), value) if k == key else v for k, v in enumerate(data)]


@pytest.mark.usefixtures("remembering")
@pytest.mark.parametrize("file", FILES)
def test_no_message_ever_repeats_what_was_written(copy: Copy, file: str) -> None:
    """An address in the place of any value, or as any key, is found wrong or accepted, but never echoed."""
    data = yaml.safe_load(copy.text(file))
    told = 0
    for place in places(data):
        for value in (CANARY, [CANARY], {CANARY: 1, f"{CANARY}2": 1}):
            copy.write(file, yaml.safe_dump(replaced(data, place, value), sort_keys=False))
            found = copy.problems()
            told += len(found)
            assert "canary" not in "".join(str(one) for one in found)
    assert told > 5


@pytest.mark.usefixtures("remembering")
@pytest.mark.parametrize("file", FILES)
def test_nothing_in_the_place_of_any_value_raises(copy: Copy, file: str) -> None:
    data = yaml.safe_load(copy.text(file))
    values: list[object] = [None, 10**30, 1.5, True, [], {}, [[]]]
    for place in places(data):
        for value in values:
            copy.write(file, yaml.safe_dump(replaced(data, place, value), sort_keys=False))
            for one in copy.problems():
                assert one.line >= 1
                assert one.what
                assert one.do
