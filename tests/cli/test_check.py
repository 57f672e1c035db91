import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.check import check

EXAMPLE = Path(__file__).parents[2] / "config" / "example"

app = typer.Typer()
app.command()(check)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLUICE_HOME", str(tmp_path))
    monkeypatch.delenv("SLUICE_SANDBOX_URL", raising=False)
    return Path(shutil.copytree(EXAMPLE, tmp_path / "organisation"))


def change(folder: Path, file: str, old: str, new: str) -> int:
    """Replace the one place where ``old`` stands; gives its line."""
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_a_sound_configuration_passes_with_warnings_for_what_the_machine_lacks(folder: Path) -> None:
    done = CliRunner().invoke(app, ["--config", str(folder)])
    assert done.exit_code == 0
    assert "warning: there is no key file yet (R-133)\n    Run `sluice keys init`\n" in done.stdout
    assert "36 files in order, 11 things still missing on this machine." in done.stderr


def test_r_010_a_planned_destination_is_told_and_the_check_stays_green(folder: Path) -> None:
    done = CliRunner().invoke(app, ["--config", str(folder)])
    told = [line for line in done.stdout.splitlines() if "refused as things stand: " in line]
    assert done.exit_code == 0
    assert {line.split(":")[0] for line in told} == {"destinations/meta_home_help.yaml"}
    assert "no notice of the controller names this recipient (R-010)" in told[0]
    # Settled, it is no longer told.
    change(folder, "notices/home_help.yaml", "recipients: []", "recipients: [meta_ireland]")
    change(folder, "notices/home_help.yaml", "claims: [no_third_country]", "claims: []")
    assert "refused as things stand" not in CliRunner().invoke(app, ["--config", str(folder)]).stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("mechanisms/eu_us_adequacy.yaml", "enabled: true", "enabled: false", "(R-069)"),
        ("destinations/google_ads.yaml", "valid_until: 2027-12-31", "valid_until: 2026-07-01", "(R-067)"),
        ("destinations/meta_ads.yaml", "review_on: 2027-06-30", "review_on: 2026-07-01", "(R-146)"),
    ],
)
def test_what_is_switched_off_or_past_its_date_is_a_problem(
    folder: Path, file: str, old: str, new: str, told: str
) -> None:
    line = change(folder, file, old, new)
    done = CliRunner().invoke(app, ["--config", str(folder)])
    assert done.exit_code == 3
    assert done.stderr.startswith("1 problem: ")
    assert done.stdout.startswith(f"{file}:{line}: ")
    assert done.stdout.splitlines()[0].endswith(told)


def test_every_problem_is_printed_with_file_and_line_and_the_exit_code_is_three(folder: Path) -> None:
    policy = folder / "policy.yaml"
    text = policy.read_text(encoding="utf-8").replace("display_k: 10", "display_k: 1").replace("id: 1\n", "")
    policy.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["--config", str(folder)])
    assert done.exit_code == 3
    lines = [line for line in done.stdout.splitlines() if line.startswith("policy.yaml:")]
    assert [line.split(":", 2)[2] for line in lines] == [
        " `id` is missing",
        " `display_k` is below its bound of 5",
    ]
    assert done.stderr.startswith("2 problems: ")


def test_r_046_a_list_about_another_channel_is_shown_as_not_applicable(folder: Path) -> None:
    file = folder / "lists" / "partner_suppression.yaml"
    file.write_text(file.read_text("utf-8").replace("channel: email", "channel: post"), "utf-8")
    line = file.read_text("utf-8").splitlines().index("channel: post") + 1
    done = CliRunner().invoke(app, ["--config", str(folder)])
    assert done.exit_code == 0
    assert f"lists/partner_suppression.yaml:{line}: not applicable: a list about post" in done.stdout
    found = json.loads(CliRunner().invoke(app, ["--config", str(folder), "--json"]).stdout)
    assert [one["line"] for one in found["not_applicable"]] == [line]


def test_json_holds_the_same_in_one_object(folder: Path) -> None:
    (folder / "policy.yaml").unlink()
    done = CliRunner().invoke(app, ["--config", str(folder), "--json"])
    assert done.exit_code == 3
    found = json.loads(done.stdout)
    assert found["files"] == 35
    assert found["problems"] == [
        {
            "file": "policy.yaml",
            "line": 1,
            "what": "the file is missing",
            "do": "Copy it from config/example and adapt it",
        }
    ]
    assert {"file", "line", "what", "do"} == set(found["warnings"][0]) == set(found["planned"][0])


def test_a_folder_without_an_organisation_is_one_problem(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--config", str(tmp_path / "none")])
    assert done.exit_code == 3
    assert done.stderr.startswith("1 problem:")
    assert "there is no organisation.yaml in the configuration folder" in done.stdout


def test_schemas_are_written_for_editors(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--config", str(folder), "--schema", str(tmp_path / "schemas")])
    assert done.exit_code == 0
    written = {
        path.name: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "schemas").iterdir()
    }
    assert len(written) == 14
    assert written["policy.schema.json"]["properties"]["display_k"]["minimum"] == 5
