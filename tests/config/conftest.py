import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.draft import problems
from config.organisation import Organisation, load
from config.problem import Problem

EXAMPLE = Path(__file__).parents[2] / "config" / "example"


@dataclass
class Copy:
    """A copy of the example to spoil."""

    folder: Path
    environ: dict[str, str]

    def text(self, file: str) -> str:
        return (self.folder / file).read_text(encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        (self.folder / file).write_text(text, encoding="utf-8")

    def change(self, file: str, old: str, new: str) -> int:
        """Replace the one place where ``old`` stands; gives its line."""
        text = self.text(file)
        assert text.count(old) == 1
        self.write(file, text.replace(old, new))
        return text[: text.index(old)].count("\n") + 1

    def problems(self) -> list[Problem]:
        return problems(self.folder, environ=self.environ)

    def only(self) -> Problem:
        found = self.problems()
        assert len(found) == 1
        return found[0]

    def load(self) -> Organisation:
        return load(self.folder, environ=self.environ)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    folder = tmp_path / "organisation"
    shutil.copytree(EXAMPLE, folder)
    return Copy(folder, {"SLUICE_HOME": str(tmp_path / "home")})
