"""Who may import whom: each contract holds, and notices when it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules, pyproject, rooms

CONTRACTS = [contract["name"] for contract in pyproject()["tool"]["importlinter"]["contracts"]]

# Contract to one file that breaks it, and only one way of breaking it.
PLANTED = {
    "Rooms import downwards, and siblings never import each other": ("audit", "import config"),
    "The sandbox stands alone": ("sandbox", "import domain"),
    "Only the demo, the sandbox command and benchmarks know the sandbox": ("flows", "import sandbox"),
    "The words of the field need nothing but the standard library": ("domain", "import polars"),
    "Only storage/ speaks to object storage and the key service": ("transforms", "import boto3"),
    "Only destinations/ speaks to a platform": ("flows", "import httpx"),
    "Only flows/ knows the orchestrator": ("cli", "import prefect"),
    "Only expectations/ knows the data-quality engine": ("flows", "import great_expectations"),
    "Platform SDKs are peers to measure against, never the way out": (
        "destinations",
        "import facebook_business",
    ),
}


def verdicts(folder: Path) -> tuple[int, dict[str, str]]:
    """Exit code of import-linter in a folder, and its verdict on each contract."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.rsplit(" ", 1) for line in done.stdout.splitlines()]
    found = {line[0]: line[1] for line in lines if len(line) == 2 and line[1] in ("KEPT", "BROKEN")}
    return done.returncode, found


def test_every_contract_is_kept() -> None:
    assert verdicts(ROOT) == (0, dict.fromkeys(CONTRACTS, "KEPT"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Verdicts on a copy of the rooms in which each contract is broken once."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for module in modules():
        (folder / module.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / module.path, folder / module.path)
    for name, (room, line) in PLANTED.items():
        (folder / room / f"planted_{CONTRACTS.index(name)}.py").write_text(f"{line}\n", "utf-8")
    return verdicts(folder)[1]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_contract_notices_a_planted_import(contract: str, broken: dict[str, str]) -> None:
    assert broken[contract] == "BROKEN"


def test_a_platform_sdk_is_imported_by_benchmarks_only() -> None:
    """import-linter knows outside packages by their first name, which Google's SDK shares with its auth library."""
    found = [
        f"{module.path}:{line}"
        for module in modules()
        for line, name in module.imports()
        if name.startswith(("google.ads", "google.cloud")) and module.room != "benchmarks"
    ]
    assert found == []


def test_every_room_is_under_the_contracts_and_under_the_type_checker() -> None:
    tools = pyproject()["tool"]
    assert set(rooms()) == set(tools["importlinter"]["root_packages"])
    assert {*rooms(), "tests"} == set(tools["mypy"]["packages"])


def test_every_package_is_a_room() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == {*rooms(), "tests"}
