"""A file is about one noun, and tests stand where one looks for them."""

from __future__ import annotations

from tests.architecture.source import ROOT, modules, rooms, tracked

MOST_LINES = 400
NO_NOUNS = frozenset({"utils", "util", "helpers", "helper", "common", "base", "misc", "types"})


def test_no_file_is_about_everything() -> None:
    long = [
        str(module.path)
        for module in modules()
        if len((ROOT / module.path).read_text("utf-8").splitlines()) > MOST_LINES
    ]
    assert long == []


def test_every_file_is_named_after_a_noun() -> None:
    assert [str(name) for name in tracked() if name.suffix == ".py" and name.stem in NO_NOUNS] == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {name.parent for name in tracked() if name.parts[0] == "tests" and name.suffix == ".py"}
    assert [str(folder) for folder in sorted(folders) if not (ROOT / folder / "__init__.py").is_file()] == []


def test_every_room_has_tests() -> None:
    tested = {
        name.parts[1] for name in tracked() if name.parts[0] == "tests" and name.name.startswith("test_")
    }
    assert set(rooms()) - tested == set()
