import pytest

from tests.config.conftest import Copy

HEAD = "organisation.yaml"
BUCKET = "  location: s3://zilverwilg-store/data"
KEY = "arn:aws:kms:{}:111122223333:alias/sluice"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("audit_location: audit", "audit_location: store/audit", "lie in each other"),
        ("publish_location: published", "publish_location: audit", "lie in each other"),
        ("audit_location: audit", "audit_location: .", "lie in each other"),
        ("file: keys/", "file: store/", "beside what it protects"),
        ("  file: keys/sluice.keys.json", "  {}", "no keys are named"),
    ],
)
def test_r_057_data_log_and_keys_lie_apart(copy: Copy, old: str, new: str, what: str) -> None:
    copy.change("organisation.yaml", old, new)
    assert what in "".join(one.what for one in copy.problems())


def test_r_132_one_kms_key_has_one_role(copy: Copy) -> None:
    copy.change(
        "organisation.yaml", "\nkeys:\n", "\n  kms_key: alias/sluice\n\nkeys:\n  kms_key: alias/sluice\n"
    )
    assert "R-132" in copy.only().what


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (HEAD, "  location: store", BUCKET),
        (HEAD, "  audit_location: audit", "  audit_location: s3://zilverwilg-log"),
        (HEAD, "  publish_location: published", "  publish_location: s3://zilverwilg-log"),
        ("sources/dynamics_contacts.yaml", "location: inbox/crm", "location: s3://zilverwilg-inbox/crm"),
        ("consents/preference_centre.yaml", "location: inbox/consents", "location: s3://zilverwilg-inbox/c"),
        ("lists/optouts.yaml", "location: inbox/optouts", "location: s3://zilverwilg-inbox/o"),
        ("objections/rights_desk.yaml", "location: inbox/objections", "location: s3://zilverwilg-inbox/d"),
    ],
)
def test_r_070_a_bucket_needs_a_region(copy: Copy, file: str, old: str, new: str) -> None:
    line = copy.change(file, f"\n{old}", f"\n{new}") + 1
    problem = copy.only()
    assert (problem.file, problem.line) == (file, line)
    assert problem.what == "a bucket, and `storage` in organisation.yaml names no region (R-070)"
    copy.change(HEAD, "  audit_location:", "  region: eu-west-1\n  audit_location:")
    assert copy.problems() == []


@pytest.mark.parametrize(
    "region", ["us-east-1", "eu-west-2", "eu-central-2", "eu-west-1 ", "EU-WEST-1", "europe"]
)
def test_r_070_a_region_is_one_of_the_eea(copy: Copy, region: str) -> None:
    """London and Zurich are in Europe and not in the EEA."""
    line = copy.change(HEAD, "  location: store", f'  location: store\n  region: "{region}"') + 1
    problem = next(one for one in copy.problems() if one.file == HEAD)
    assert problem.line == line
    assert problem.what.startswith("`region` is none of 'eu-west-1', 'eu-west-3'")
    assert "R-070" in problem.do


@pytest.mark.parametrize(
    ("region", "key", "fits"),
    [
        ("eu-west-1", KEY.format("eu-west-1"), True),
        ("eu-west-1", KEY.format("eu-west-3"), False),
        ("eu-west-1", KEY.format("us-east-1"), False),
        (None, KEY.format("eu-west-3"), True),
        (None, KEY.format("us-east-1"), False),
        (None, KEY.format(""), True),
        ("eu-west-1", "alias/sluice", True),
    ],
)
@pytest.mark.parametrize("holder", ["storage", "keys"])
def test_r_070_a_key_lies_where_the_data_lie(
    copy: Copy, holder: str, region: str | None, key: str, fits: bool
) -> None:
    copy.change(HEAD, f"\n{holder}:\n", f"\n{holder}:\n  kms_key: {key}\n")
    if region:
        copy.change(HEAD, "  audit_location:", f"  region: {region}\n  audit_location:")
    told = [one.what for one in copy.problems()]
    assert told == (
        []
        if fits
        else ["this key lies in another region than `region` of storage, or outside of the EEA (R-070)"]
    )
