import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from config.draft import Draft
from config.lineage import is_made_of_itself, taint_of, things_of
from config.source import Ancestor, Source
from domain.sensitivity import Sensitivity
from tests.config.conftest import EXAMPLE, Copy

ORDINARY, SPECIAL, DEVICE = Sensitivity.ORDINARY, Sensitivity.SPECIAL, Sensitivity.DEVICE_OR_SESSION
PLAIN = Draft.read(EXAMPLE, {}).sources["dynamics_contacts"]


def source(column: Mapping[str, object], *lineage: dict[str, object]) -> Source:
    """The source of the example with another product family, and something else behind it."""
    columns = [one.model_dump(mode="json", by_alias=True) for one in PLAIN.columns]
    changed = [{**one, **column} if one["field"] == "product_family" else one for one in columns]
    data = PLAIN.model_dump(mode="json", by_alias=True)
    return Source.model_validate_json(json.dumps({**data, "columns": changed, "lineage": lineage}))


def family(column: Mapping[str, object], *lineage: dict[str, object]) -> tuple[Sensitivity, tuple[str, ...]]:
    taint = taint_of(source(column, *lineage), "product_family")
    return taint.sensitivity, taint.path


def made(name: str, *of: str, kind: str | None = "ordinary") -> dict[str, object]:
    return {"name": name, "class": kind, "derived_from": list(of)}


def test_the_example_chooses_by_ordinary_columns() -> None:
    fields = ("language", "region", "customer_status", "product_family")
    assert {taint_of(PLAIN, one).sensitivity for one in fields} == {ORDINARY}
    assert taint_of(PLAIN, "product_family").told == "`product_family` is ordinary"


def test_a_column_is_as_special_as_it_says() -> None:
    assert family({"class": "special", "derived_from": []}) == (SPECIAL, ("product_family",))
    assert family({"class": None, "derived_from": []}) == (SPECIAL, ("product_family",))
    assert family({"class": "ordinary", "derived_from": []}) == (ORDINARY, ("product_family",))


def test_r_061_the_highest_class_wins_over_any_number_of_joins() -> None:
    names = [f"step_{number}" for number in range(50)]
    chain = [made(name, after) for name, after in zip(names, [*names[1:], "last"], strict=True)]
    found = family({"derived_from": ["step_0"]}, *chain, made("last", kind="special"))
    assert found == (SPECIAL, ("product_family", *names, "last"))
    found = family({"derived_from": ["step_0"]}, *chain, made("last", kind="ordinary"))
    assert found == (ORDINARY, ("product_family",))


def test_r_066_device_and_session_are_above_special() -> None:
    of = {"derived_from": ["a", "b"]}
    assert family(of, made("a", kind="special"), made("b", kind="device_or_session")) == (
        DEVICE,
        ("product_family", "b"),
    )


def test_of_several_ways_the_one_that_leads_farthest_is_shown() -> None:
    lineage = [
        made("near", kind="special"),
        made("middle", "far", kind="special"),
        made("far", kind="special"),
    ]
    assert family({"derived_from": ["near", "middle"]}, *lineage)[1] == ("product_family", "middle", "far")


def test_what_has_no_class_is_what_it_was_made_of() -> None:
    of = {"derived_from": ["a"]}
    assert family(of, made("a", "b", kind=None), made("b")) == (ORDINARY, ("product_family",))
    assert family(of, made("a", "b", kind=None), made("b", kind=None)) == (
        SPECIAL,
        ("product_family", "a", "b"),
    )
    assert family(of, made("a", "nowhere", kind=None)) == (SPECIAL, ("product_family", "a", "nowhere"))


def test_a_column_may_be_named_by_its_field_or_its_logical_name() -> None:
    for name in ("region", "new_region", "NEW_REGION"):
        assert family({"derived_from": [name]}) == (ORDINARY, ("product_family",))
    assert family({"derived_from": ["birthdate"]}) == (SPECIAL, ("product_family", "birthdate"))


def test_r_061_a_name_that_tells_is_special_in_the_middle_of_a_lineage_too() -> None:
    taint = taint_of(
        source({"derived_from": ["a"]}, made("a", "hospitalstay"), made("hospitalstay")), "product_family"
    )
    assert (
        taint.told
        == "`product_family` comes from a, from hospitalstay, which is special by its name (R-061, R-062)"
    )


def test_r_061_a_name_in_the_lineage_does_not_stand_in_for_the_column_itself() -> None:
    shadow = made("product_family", kind="ordinary")
    assert family({"class": "special", "derived_from": []}, shadow) == (SPECIAL, ("product_family",))
    # Nor does the column stand in for something special behind another one.
    hidden = source({"derived_from": ["region"]}, made("region", kind="special"))
    assert taint_of(hidden, "product_family").path == ("product_family", "region")


def test_a_circle_ends_and_is_told(copy: Copy) -> None:
    circle = source({"derived_from": ["a"]}, made("a", "b"), made("b", "product_family"), made("c"))
    things = things_of(circle)
    assert {
        name for name in ("product_family", "a", "b", "c") if is_made_of_itself(circle, things[name])
    } == {
        "product_family",
        "a",
        "b",
    }
    assert taint_of(circle, "product_family").sensitivity is ORDINARY
    copy.change(
        "sources/dynamics_contacts.yaml",
        "{name: product_code, class: ordinary}",
        "{name: product_code, class: ordinary, derived_from: [new_productfamily]}",
    )
    assert {one.what for one in copy.problems()} == {"this was made of itself (R-061)"}


NAMES = [f"n{number}" for number in range(8)]
ancestors = st.lists(
    st.builds(
        lambda name, kind, of: made(name, *of, kind=kind),
        st.sampled_from(NAMES),
        st.sampled_from(["ordinary", "special", "device_or_session", None]),
        st.lists(st.sampled_from([*NAMES, "nowhere"]), max_size=3),
    ),
    max_size=8,
    unique_by=lambda one: str(one["name"]),
)


def parents(declared: Mapping[str, Mapping[str, object]], name: str) -> list[str]:
    of = declared[name]["derived_from"] if name in declared else []
    assert isinstance(of, list)
    return of


@given(lineage=ancestors, of=st.lists(st.sampled_from(NAMES), max_size=3))
def test_r_061_nothing_special_behind_a_column_is_ever_missed(
    lineage: list[dict[str, object]], of: list[str]
) -> None:
    """Against everything that can be reached, collected in the simplest way."""
    declared = {str(one["name"]): one for one in lineage}
    reached: set[str] = set()
    ahead = list(of)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += parents(declared, name)
    worst = 0
    for name in reached:
        one = declared.get(name)
        kind = one["class"] if one else "special"
        if kind is None:
            kind = "ordinary" if one and one["derived_from"] else "special"
        worst = max(worst, ["ordinary", "special", "device_or_session"].index(str(kind)))
    found = taint_of(source({"derived_from": of}, *lineage), "product_family")
    assert found.sensitivity is [ORDINARY, SPECIAL, DEVICE][worst]
    assert found.path[0] == "product_family"
    behind = of
    for name in found.path[1:]:
        assert name in behind
        behind = parents(declared, name)


def test_a_lineage_with_many_ways_is_walked_once() -> None:
    layers = [[f"l{layer}_{number}" for number in range(9)] for layer in range(22)]
    lineage = [
        Ancestor.model_validate_json(
            json.dumps(made(name, *(layers[at + 1] if at + 1 < len(layers) else [])))
        )
        for at, layer in enumerate(layers)
        for name in layer
    ]
    deep = PLAIN.model_copy(update={"lineage": tuple(lineage)})
    assert taint_of(deep, "l0_0").sensitivity is ORDINARY
