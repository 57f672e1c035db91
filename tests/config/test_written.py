from domain.actor import Role
from tests.config.conftest import EXAMPLE, Copy

HEAD = "organisation.yaml"
POLICY = "policy.yaml"


def test_r_141_every_file_of_the_example_has_an_author_who_does_not_approve(copy: Copy) -> None:
    org = copy.load()
    files = {str(path.relative_to(EXAMPLE)) for path in EXAMPLE.rglob("*.yaml")}
    assert set(org.authors) == set(org.files) == files
    assert all(Role.DPO not in org.actors[author] for author in org.authors.values())
    assert {org.authors[name] for name in files if name.startswith("audiences/")} == {"marketing_desk"}


def test_r_141_a_file_without_an_author_is_refused(copy: Copy) -> None:
    for path in EXAMPLE.rglob("*.yaml"):
        name = str(path.relative_to(EXAMPLE))
        text = copy.text(name)
        copy.write(name, "".join(one for one in text.splitlines(True) if not one.startswith("author:")))
        told = [one for one in copy.problems() if one.file == name]
        assert [one.what for one in told] == ["`author` is missing"]
        assert "R-141" in told[0].do
        copy.write(name, text)


def test_r_141_an_author_is_one_of_the_actors(copy: Copy) -> None:
    line = copy.change(POLICY, "author: data_team", "author: data_tem")
    problem = copy.only()
    assert (problem.file, problem.line, problem.do) == (POLICY, line, "Write `data_team`")
    assert "R-141" in problem.what


def test_r_141_the_dpo_approves_and_does_not_author(copy: Copy) -> None:
    line = copy.change(POLICY, "author: data_team", "author: dpo_office")
    problem = copy.only()
    assert (problem.line, problem.what) == (line, "the DPO approves and does not author (R-141)")
    assert problem.do == "Write one of: data_team, marketing_desk, rights_desk"


def test_r_141_an_author_who_becomes_the_dpo_may_no_longer_write(copy: Copy) -> None:
    copy.change(HEAD, "data_team: [engineer]", "data_team: [engineer, dpo]")
    told = copy.problems()
    assert {one.what for one in told} == {"the DPO approves and does not author (R-141)"}
    assert len(told) == len(
        [one for one in EXAMPLE.rglob("*.yaml") if "author: data_team" in one.read_text("utf-8")]
    )


def test_r_141_without_a_dpo_nobody_could_approve(copy: Copy) -> None:
    line = copy.change(HEAD, "  dpo_office: [dpo]\n", "")
    problem = copy.only()
    assert problem.line < line
    assert problem.what == "nobody has the role dpo, so nobody could approve anything (R-141)"


def test_r_139_roles_are_a_closed_list(copy: Copy) -> None:
    copy.change(HEAD, "[marketing]", "[marketing, boss]")
    problem = next(one for one in copy.problems() if one.file == HEAD)
    assert problem.what.startswith(
        "`marketing_desk` is none of 'marketing', 'engineer', 'dpo', 'rights' or 'auditor'"
    )
    assert "R-139" in problem.do


def test_an_actor_is_a_function_and_its_name_is_never_echoed(copy: Copy) -> None:
    copy.change(HEAD, "  rights_desk: [rights]", "  Jan Peeters: [rights]")
    told = {one.what for one in copy.problems()}
    assert "a key that is no plain name is not known here" in told
    assert "Peeters" not in "".join(str(one) for one in copy.problems())


def test_r_141_a_changed_byte_changes_the_digest_of_its_file_alone(copy: Copy) -> None:
    before = copy.load().files
    copy.write(POLICY, copy.text(POLICY) + "\n")
    after = copy.load().files
    assert {name for name in after if after[name] != before[name]} == {POLICY}
    assert all(len(digest) == 64 for digest in after.values())
