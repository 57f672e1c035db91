"""Polarity is per column, never per word (sources.md 1.3, R-007, R-021)."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.crm import CONTRACT_HOLDER_TOKENS, DYNAMICS_TOKENS, OPT_OUTS, flag, unknown_tokens


def said(field: str, *cells: str | None) -> list[bool | None]:
    true, false = DYNAMICS_TOKENS[field]
    frame = pl.DataFrame({"cell": cells}, schema={"cell": pl.String})
    return frame.select(flag(pl.col("cell"), true=true, false=false))["cell"].to_list()


@pytest.mark.parametrize(
    ("field", "yes", "no"),
    [
        (
            "donotemail",
            ["Do Not Allow", "Niet toestaan", "Ne pas autoriser"],
            ["Allow", "Toestaan", "Autoriser"],
        ),
        (
            "donotbulkemail",
            ["Do Not Allow", "Niet toestaan", "Ne pas autoriser"],
            ["Allow", "Toestaan", "Autoriser"],
        ),
        (
            "donotsendmm",
            ["Do Not Send", "Niet verzenden", "Ne pas envoyer"],
            ["Send", "Verzenden", "Envoyer"],
        ),
        ("deceased", ["Yes", "Ja", "Oui"], ["No", "Nee", "Non"]),
        ("state", ["Active", "Actief", "Actif"], ["Inactive", "Inactief", "Inactif"]),
    ],
)
def test_r_007_the_labels_of_three_languages_mean_what_the_column_says(
    field: str, yes: list[str], no: list[str]
) -> None:
    assert said(field, *yes) == [True] * len(yes)
    assert said(field, *no) == [False] * len(no)


@pytest.mark.parametrize("field", OPT_OUTS)
def test_a_raw_true_in_an_opt_out_column_means_do_not(field: str) -> None:
    # Also under the header "Send Marketing Materials", the best-known trap of Dynamics.
    assert said(field, "true", "True", "1", "false", "0") == [True, True, True, False, False]


def test_the_raw_state_code_counts_the_other_way_round() -> None:
    assert said("state", "0", "1") == [True, False]


@pytest.mark.parametrize("field", OPT_OUTS)
@pytest.mark.parametrize(
    "cell", [None, "", " ", "?", "n/a", "misschien", "2", "Ja", "😀", "24/11/2026", "Do Not"]
)
def test_r_007_an_unmapped_word_is_unknown(field: str, cell: str | None) -> None:
    assert said(field, cell) == [None]


def test_a_word_of_the_neighbouring_column_is_unknown() -> None:
    assert said("donotsendmm", "Allow", "Niet toestaan") == [None, None]
    assert said("donotemail", "Send", "Niet verzenden") == [None, None]


def test_case_and_space_do_not_matter() -> None:
    cells = ["NIET TOESTAAN", " niet toestaan\u00a0", "Niet Toestaan", "\tniet Toestaan"]
    assert said("donotemail", *cells) == [True] * 4


def test_no_word_is_both_true_and_false() -> None:
    assert all(not true & false for true, false in DYNAMICS_TOKENS.values())
    assert all(
        word == word.strip().lower() for true, false in DYNAMICS_TOKENS.values() for word in true | false
    )


def test_r_032_only_contract_holders_are_contract_holders() -> None:
    cells = pl.DataFrame(
        {"cell": ["Titularis", "titulaire", "Contract holder", "Persoon ten laste", "", None]}
    )
    made = cells.select(flag(pl.col("cell"), true=CONTRACT_HOLDER_TOKENS, false=frozenset()))[
        "cell"
    ].to_list()
    assert made == [True, True, True, None, None, None]


def test_r_007_rows_with_an_unknown_opt_out_word_are_counted_once() -> None:
    rows = pl.DataFrame(
        {
            "donotemail": ["Toestaan", "misschien", "misschien", "", None],
            "donotbulkemail": ["Toestaan", "peut-être", "Toestaan", " ", None],
        }
    )
    assert unknown_tokens(rows) == 2
    assert unknown_tokens(rows.select("donotemail")) == 2
    assert unknown_tokens(pl.DataFrame({"email": ["x"]})) == 0
