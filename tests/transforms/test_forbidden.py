"""Identifiers and diagnoses hidden in allowed columns are found; words, dates and record ids are not (R-060)."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.forbidden import forbidden, forbidden_columns

numbers = st.integers


def found(*cells: str | None, phones: bool = True, codes: bool = True) -> list[bool]:
    frame = pl.DataFrame({"cell": cells}, schema={"cell": pl.String})
    answer = frame.select(forbidden(pl.col("cell"), phones=phones, codes=codes).alias("answer"))["answer"]
    assert answer.dtype == pl.Boolean
    assert answer.null_count() == 0
    return answer.to_list()


def national(born: str, serial: int, *, after_2000: bool = False, off: int = 0) -> str:
    """A Belgian national number; ``off`` is how wrong its check number is."""
    nine = f"{born}{serial:03}"
    check = 97 - int(f"{2 if after_2000 else ''}{nine}") % 97
    return f"{nine}{(check - 1 + off) % 97 + 1:02}"


def nir(thirteen: str, off: int = 0) -> str:
    """A French social-security number."""
    spelled = thirteen.replace("2A", "19").replace("2B", "18")
    return f"{thirteen}{(97 - int(spelled) % 97 - 1 + off) % 97 + 1:02}"


def iban(country: str, account: str, off: int = 0) -> str:
    moved = "".join(str(int(sign, 36)) for sign in f"{account}{country}00")
    return f"{country}{(98 - int(moved) % 97 - 2 + off) % 97 + 2:02}{account}"


def card(digits: str, off: int = 0) -> str:
    """A card number from all its digits but the last."""
    total = sum(sum(divmod(int(digit) * (1 + at % 2), 10)) for at, digit in enumerate(reversed(f"{digits}0")))
    return f"{digits}{(-total + off) % 10}"


NATIONAL = national("800229", 123)
LATER = national("030615", 14, after_2000=True)
VALID = {
    "national number": NATIONAL,
    "of somebody born after 2000": LATER,
    "as it is printed": f"{NATIONAL[:2]}.{NATIONAL[2:4]}.{NATIONAL[4:6]}-{NATIONAL[6:9]}.{NATIONAL[9:]}",
    "with spaces": f"{NATIONAL[:6]} {NATIONAL[6:9]} {NATIONAL[9:]}",
    "in a sentence": f"RR{NATIONAL}, graag nakijken",
    "behind a house number": f"5 {NATIONAL}",
    "in full width": NATIONAL.translate({ord("0") + at: chr(0xFF10 + at) for at in range(10)}),
    "with an unseen character": f"{NATIONAL[:4]}\u200b{NATIONAL[4:]}",
    "BIS, sex unknown": national("802229", 123),
    "BIS, sex known": national("804229", 123),
    "BIS, born after 2000": national("034615", 14, after_2000=True),
    "day of birth unknown": national("800000", 1),
    "NIR": nir("2800275123456"),
    "NIR as it is printed": "2 55 08 14 168 025 38",
    "NIR of Corsica 2A": nir("180022A123456"),
    "NIR of Corsica 2B": nir("280022B123456").lower(),
    "IBAN be": "BE68 5390 0754 7034",
    "IBAN be, one word": "be68539007547034",
    "IBAN nl": "NL91 ABNA 0417 1643 00",
    "IBAN fr": "FR14 2004 1010 0505 0001 3M02 606",
    "IBAN de with words around": "rekening IBAN:DE89370400440532013000 op naam",
    "IBAN followed by a word": "BE68 5390 0754 7034 is van mij",
    "IBAN with hard spaces": "GB82\u00a0WEST\u00a01234\u00a05698\u00a07654\u00a032",
    "Visa": "4111 1111 1111 1111",
    "Visa and the month of expiry": "4111-1111-1111-1111 12/27",
    "Mastercard": "5555555555554444",
    "Mastercard, new range": card("222300004841001"),
    "Amex": "3782 822463 10005",
    "Diners": "30569309025904",
    "Bancontact": card("670344444444444"),
    "Maestro with 19 digits": card("670344444444444444"),
}


@pytest.mark.parametrize("cell", VALID.values(), ids=VALID.keys())
def test_r_060_a_number_of_a_person_an_account_or_a_card_is_found(cell: str) -> None:
    assert found(cell, phones=False, codes=False) == [True]


NEAR = {
    "national number, wrong check": national("800229", 123, off=5),
    "national number, month 13": national("801329", 123),
    "national number, BIS month 33": national("803329", 123),
    "national number, month 60": national("806029", 123),
    "national number, day 32": national("800232", 123),
    "national number, check 00": "80022912300",
    "one digit more": f"{NATIONAL}1",
    "one digit less": NATIONAL[:-1],
    "NIR, wrong key": nir("1800275123456", off=1),
    "NIR, month 13": nir("1801375123456"),
    "NIR, first digit": nir("9800275123456"),
    "NIR of Corsica, wrong key": nir("180022A123456", off=1),
    "IBAN, wrong check": "BE69539007547034",
    "IBAN, too short for its country": iban("BE", "53900754703"),
    "IBAN, too long for its country": iban("BE", "5390075470341"),
    "IBAN of no country": iban("ZZ", "539007547034"),
    "card, wrong digit": "4111111111111112",
    "card, two digits changed over": "4111111111111121",
    "card of nobody": card("911111111111111"),
    "Visa with 14 digits": card("4111111111111"),
}


@pytest.mark.parametrize("cell", NEAR.values(), ids=NEAR.keys())
def test_r_060_a_near_miss_is_none(cell: str) -> None:
    assert found(cell, phones=False, codes=False) == [False]


PHONES = [
    "+32 470 12 34 56",
    "+32 (0)470 12 34 56",
    "+32470123456",
    "0032470123456",
    "00 32 2 123 45 67",
    "0470/12.34.56",
    "0470123456",
    "02 123 45 67",
    "(02) 123 45 67",
    "GSM0470-12 34 56",
    "bel 09/123.45.67 na 18u",
    "01 23 45 67 89",
    "01.23.45.67.89",
    "06/12/11/67/89",
    "+33612345678",
    "＋３２４７０１２３４５６",
    "0470\u00a012\u00a034\u00a056",
    "0470\u201112\u201134\u201156",
    "29/02/1980 0470123456",
]


@pytest.mark.parametrize("cell", PHONES)
def test_r_060_a_phone_number_is_found_unless_it_is_not_asked_for(cell: str) -> None:
    assert found(cell) == [True]
    assert found(cell, phones=False, codes=False) == [False]


@pytest.mark.parametrize(
    "cell", ["12345678", "470123456", "0123", "+12 345", "010 2026", "1+1=2", "5000-9000", "0,1234567891"]
)
def test_r_060_a_figure_is_no_phone_number(cell: str) -> None:
    assert found(cell) == [False]


@pytest.mark.parametrize(
    "cell", ["E11", "e11.9", "E119", "C50.91", "diabetes (E10.65)", "S72.001A", "M80.08XA", "Ｅ11", "J45,I10"]
)
def test_r_060_a_code_shaped_like_a_diagnosis_is_found_unless_it_is_not_asked_for(cell: str) -> None:
    assert found(cell) == [True]
    assert found(cell, codes=False) == [False]


WORDS = [
    "flanders", "brussels", "wallonia", "nl", "fr", "de", "en", "nl-BE", "travel", "mobility", "legal_aid", "webshop",
    "customer", "former_customer", "prospect", "Titularis", "Titulaire", "Persoon ten laste", "Personne à charge",
    "Contract Holder", "klant", "hospitalisatie", "hospi_2000", "Niet toestaan", "A4", "E1", "11E", "BE21", "plan 12",
    "Bergstraße 5", "9000 Gent", "75001", "25 %", "1.234.567,89", "-", "?", "0", "1", "2026", "Q3 2026", "2026-W09",
    "1980-02-29", "29/02/1980", "29-02-1980", "29.02.1980", "29/02/80", "01/02/26-03/04/26", "29/02/1980 00:00:00",
    "2/29/1980 4:34:35 PM", "1980-02-29T10:00:00Z", "2018-05-25T16:21:09.0000000+00:00", "20110122T111244", "45123",
    "1899-12-30", "2026-01-01/2026-12-31", "00000000-0000-0000-0000-000000000001",
    "1b671a64-40d5-491e-99b0-da01ff1f3341", "{1B671A64-40D5-491E-99B0-DA01FF1F3341}", "e" + "0123456789" * 6 + "abc",
]  # fmt: skip


@pytest.mark.parametrize("cell", WORDS)
def test_r_060_words_dates_and_record_ids_pass(cell: str) -> None:
    assert found(cell) == [False]


def test_r_060_nothing_is_nothing() -> None:
    assert found(None, "", " ", "\u200b") == [False] * 4
    assert found() == []


def test_r_060_each_row_has_its_own_answer() -> None:
    cells = ["travel", NATIONAL, None, "plan 12", "4111111111111111", NATIONAL, "0470123456", "E11"]
    assert found(*cells) == [False, True, False, False, True, True, True, True]
    assert found(*cells, phones=False) == [False, True, False, False, True, True, False, True]
    assert found(*cells, codes=False) == [False, True, False, False, True, True, True, False]


@given(
    numbers(0, 99),
    numbers(0, 12),
    numbers(0, 31),
    numbers(0, 999),
    st.sampled_from([0, 20, 40]),
    st.booleans(),
)
@settings(max_examples=150)
def test_r_060_every_national_number_is_found_and_no_other_check_number(
    year: int, month: int, day: int, serial: int, extra: int, after_2000: bool
) -> None:
    born = f"{year:02}{month + extra:02}{day:02}"
    right = {national(born, serial), national(born, serial, after_2000=True)}
    others = [f"{born}{serial:03}{check:02}" for check in range(100)]
    given_back = {cell for cell, hit in zip(others, found(*others, phones=False), strict=True) if hit}
    assert given_back == right
    assert found(national(born, serial, after_2000=after_2000)) == [True]


@given(
    st.sampled_from("12"),
    numbers(0, 99),
    numbers(1, 12),
    st.sampled_from(["75", "2A", "2B", "99"]),
    st.data(),
)
@settings(max_examples=80)
def test_r_060_every_nir_is_found_and_no_other_key(
    sex: str, year: int, month: int, department: str, data: st.DataObject
) -> None:
    rest = data.draw(numbers(0, 999_999))
    thirteen = f"{sex}{year:02}{month:02}{department}{rest:06}"
    wrong = [nir(thirteen, off=off) for off in range(1, 97)]
    assert found(nir(thirteen), *wrong, phones=False, codes=False) == [True] + [False] * 96


@given(st.text("0123456789", min_size=18, max_size=18))
@settings(max_examples=80)
def test_r_060_every_iban_is_found_and_no_other_check_number(account: str) -> None:
    wrong = [iban("DE", account, off=off) for off in range(1, 97)]
    assert found(iban("DE", account), *wrong, phones=False, codes=False) == [True] + [False] * 96


@given(st.sampled_from([("4", 16), ("4", 13), ("52", 16), ("37", 15), ("36", 14), ("6703", 17)]), st.data())
@settings(max_examples=80)
def test_r_060_every_card_is_found_and_no_other_last_digit(
    kind: tuple[str, int], data: st.DataObject
) -> None:
    start, length = kind
    room = length - len(start) - 1
    digits = start + data.draw(st.text("0123456789", min_size=room, max_size=room))
    wrong = [card(digits, off=off) for off in range(1, 10)]
    # A number of 15 digits may happen to be a NIR as well.
    assert found(card(digits), phones=False, codes=False) == [True]
    if length != 15:
        assert found(*wrong, phones=False, codes=False) == [False] * 9


FORMS = [
    "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d%m%Y", "%d/%m/%y", "%Y/%m/%d", "%d %m %Y",
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+01:00", "%Y-%m-%dT%H:%M:%S.%f0+00:00", "%Y-%m-%d %H:%M:%S.%f",
    "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y%m%dT%H%M%S",
    "%Y%m%d%H%M%S", "%Y%m%d%H%M", "van %d/%m/%Y tot %d/%m/%Y", "%d-%m-%Y/%d-%m-%Y",
]  # fmt: skip


@given(st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 - as exports write it
@settings(max_examples=200)
def test_r_060_a_date_is_no_phone_number(day: datetime) -> None:
    cells = [day.strftime(form) for form in FORMS]
    assert [cell for cell, hit in zip(cells, found(*cells), strict=True) if hit] == []


@given(st.lists(st.uuids(), min_size=1, max_size=30))
def test_r_060_a_record_id_is_no_number_of_a_person(ids: list[object]) -> None:
    assert not any(found(*[str(one) for one in ids], *[str(one).upper() for one in ids]))


@given(st.lists(st.none() | st.text(max_size=40) | st.text("0123456789 +./-ae()|:", max_size=50), max_size=8))
@settings(max_examples=150)
def test_r_060_any_text_gets_an_answer(cells: list[str | None]) -> None:
    assert len(found(*cells)) == len(cells)


def test_r_060_a_row_is_forbidden_by_any_of_its_columns() -> None:
    rows = pl.DataFrame(
        {"region": ["flanders", NATIONAL, None, "brussels"], "status": ["klant", "klant", None, "0470123456"]}
    )

    def judged(*fields: str, phones: bool = True) -> list[bool]:
        answer = forbidden_columns(rows, fields, phones=phones)
        return rows.with_columns(answer.alias("answer"))["answer"].to_list()

    assert judged("region", "status", "absent") == [False, True, False, True]
    assert judged("region") == [False, True, False, False]
    assert judged("region", "status", phones=False) == [False, True, False, False]
    assert judged("absent") == judged() == [False] * 4
