"""Each top-level name is ours, wherever and however Python is started."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules, rooms

# Packages with these very names exist in the world; one in site-packages would come first in a console script.
ASKED = """
import importlib.util, json, sys
specs = {name: importlib.util.find_spec(name) for name in sys.argv[1:]}
print(json.dumps({name: spec.origin if spec else None for name, spec in specs.items()}))
"""


def is_installed() -> bool:
    try:
        importlib.metadata.distribution("sluice")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


@pytest.mark.skipif(
    not is_installed(),
    reason="sluice is not installed here: outside its folder Python can only know it once it is (`uv sync` installs it)",
)
@pytest.mark.parametrize("how", [[], ["-P"], ["-I"]], ids=lambda how: " ".join(["python", *how]))
def test_every_name_is_ours_from_elsewhere(how: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *how, "-c", ASKED, *rooms()],
        cwd=tmp_path,
        env={
            name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONSAFEPATH"}
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {name: str(ROOT / name / "__init__.py") for name in rooms()}


def test_no_other_distribution_brings_one_of_our_names() -> None:
    others = importlib.metadata.packages_distributions()
    assert {name: others[name] for name in rooms() if set(others.get(name, [])) - {"sluice"}} == {}


def test_the_console_script_is_the_one_of_this_project() -> None:
    found = importlib.metadata.entry_points(group="console_scripts", name="sluice")
    assert {point.value for point in found} <= {"cli.main:run"}


def test_no_flow_bears_the_name_of_a_package_or_of_the_standard_library() -> None:
    """Prefect's path-style entrypoints put flows/ first on sys.path; the name must then shadow nothing."""
    taken = {*rooms(), "tests", *sys.stdlib_module_names, *importlib.metadata.packages_distributions()}
    flows = {module.path.stem for module in modules() if module.room == "flows"} - {"__init__"}
    assert flows
    assert flows & taken == set()
