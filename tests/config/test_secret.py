import re
from pathlib import Path

import pytest

from config.secret import absent, looks_secret
from tests.config.conftest import EXAMPLE, Copy

# Made up, in parts, so that scanners of repositories are not alarmed.
SECRETS = [
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "wJalrXUtnFEMI/K7MDENG/bPx" + "RfiCYEXAMPLEKEY",
    "-----BEGIN " + "PRIVATE KEY-----",
    "ya29." + "a0AfB_byC1234567890",
    "GOCSPX-" + "abcdefghij1234567890",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "EAA" + "BsbCS1iHgBAKZCzZCqwerty",
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
    "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "deadbeef" * 8,
    "0x" + "DEADBEEF" * 4,
    "postgres://user:" + "hunter2@db.example/x",
    "qL8m" + "ZrT2uVw9Xy4Bc6De1Fg3Hi5Jk7Ln0Op=",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_r_134_what_is_shaped_as_a_secret_is_refused_wherever_it_stands(copy: Copy, secret: str) -> None:
    line = copy.change("policy.yaml", "\nid: 1\n", f"\nid: 1  # {secret}\n") + 1
    problem = copy.only()
    assert (problem.file, problem.line) == ("policy.yaml", line)
    assert "R-134" in problem.do
    assert secret not in str(problem)


def test_r_134_a_token_in_place_of_its_name_is_refused(copy: Copy) -> None:
    copy.change("destinations/meta_ads.yaml", "token: SLUICE_META_TOKEN", "token: hunter2")
    problem = copy.only()
    assert "name of the environment variable" in problem.do
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "s3://zilverwilg-production-pseudonymous-zone-2026/prefix/with/many/parts",
        "/srv/sluice/production/pseudonymous/zone/with/a/long/path",
        "suppression_snapshot_max_age_minutes",
        "23850000000000001",
        "https://www.gegevensbeschermingsautoriteit.be",
        "==================================================",
    ],
)
def test_ordinary_values_are_no_secrets(text: str) -> None:
    assert not looks_secret(text)


def test_no_line_of_the_example_looks_secret() -> None:
    lines = [
        line for file in EXAMPLE.rglob("*.yaml") for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert len(lines) > 300
    assert not [line for line in lines if looks_secret(line)]


def test_a_named_secret_is_found_in_the_environment_or_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    assert absent("T", {}) == "is not set"
    assert absent("T", {"T": " "}) == "is not set"
    assert absent("T", {"T": "x"}) == ""
    assert re.search("cannot be read", absent("T", {"T_FILE": str(file)}))
    file.write_text("", encoding="ascii")
    assert re.search("empty", absent("T", {"T_FILE": str(file)}))
    file.write_text("x\n", encoding="ascii")
    assert absent("T", {"T_FILE": str(file)}) == ""
