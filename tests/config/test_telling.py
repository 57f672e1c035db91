import pytest

from config.draft import Draft
from config.telling import is_barred, is_of_device, is_special, is_suppressed
from tests.config.conftest import EXAMPLE

PLAIN = Draft.read(EXAMPLE, {}).sources["dynamics_contacts"]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("new_hospitalstay", "R-062"),
        ("Hospital Stays", "R-062"),
        ("Ziekenhuisopnames", "R-062"),
        ("Séjour hospitalier", "R-062"),
        ("SEJOUR_HOSPITALIER", "R-062"),
        ("Terugbetaling", "R-062"),
        ("Remboursements", "R-062"),
        ("new_reimbursement", "R-062"),
        ("ClaimsReimbursement", "R-062"),
        ("Verhoogde  tegemoetkoming", "R-062"),
        ("new_increasedallowance", "R-062"),
        ("Intervention majorée", "R-062"),
        ("Aantal kinderen", "R-062"),
        ("Nombre d'enfants", "R-062"),
        ("number_of_children", "R-062"),
        ("Family", "R-062"),
        ("Gezinssamenstelling", "R-062"),
        ("Composition familiale", "R-062"),
        ("Birth", "R-062"),
        ("Geboorte", "R-062"),
        ("new_disability", "R-062"),
        ("Handicapé", "R-062"),
        ("Lunettes", "R-062"),
        ("Dental", "R-062"),
        ("Tandarts", "R-062"),
        ("provider-type", "R-062"),
        ("Diabetes", "R-062"),
        ("Kankers", "R-062"),
        ("Oncologie", "R-062"),
        ("Dialysis", "R-062"),
        ("Thuisverpleging", "R-062"),
        ("Soins infirmiers", "R-062"),
        ("Ziekenfonds van aansluiting", "R-063"),
        ("Mutualité", "R-063"),
        ("new_fundaffiliation", "R-063"),
        ("Health fund code", "R-063"),
        ("Land van herkomst", "R-063"),
        ("Pays d'origine", "R-063"),
        ("new_countryoforigin", "R-063"),
        ("Nationaliteit", "R-063"),
        ("Country of Birth", "R-063"),
        ("Lieu de naissance", "R-063"),
    ],
)
def test_r_062_names_that_tell_are_known_in_three_languages(name: str, rule: str) -> None:
    assert is_special(name) == rule


@pytest.mark.parametrize(
    "name",
    [
        "Product Family",
        "Famille de produits",
        "product_family",
        "new_productfamily",
        "Date of Birth",
        "Date de naissance",
        "birthdate",
        "Geboortedatum",
        "carefree",
        "funding",
        "originator",
        "travel",
        "mobility",
        "legal_aid",
        "webshop",
        "last_contact_kind",
        "Soort laatste contact",
        "Customer Status",
    ],
)
def test_whole_words_are_compared_and_no_parts_of_words(name: str) -> None:
    assert is_special(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "client_id",
        "clientid",
        "ClientId",
        "cookie_id",
        "Cookies",
        "utag_main",
        "_ga",
        "ga",
        "new_session",
        "Session ID",
        "device_id",
        "DeviceId",
        "Identifiant de session",
        "gclid",
        "IP address",
    ],
)
def test_r_066_names_of_devices_and_sessions_are_known(name: str) -> None:
    assert is_of_device(name)


@pytest.mark.parametrize(
    "name", ["Statut client", "gas", "garage", "obsession", "Contact", "zip", "device2x"]
)
def test_what_only_looks_like_a_device_is_none(name: str) -> None:
    assert not is_of_device(name)


@pytest.mark.parametrize(
    "name",
    ["donotemail", "Do not email", "restricted", "Bezwaar", "opt-out", "optouts", "Désinscrit", "deceased"],
)
def test_r_025_names_of_people_who_said_no_are_known(name: str) -> None:
    assert is_suppressed(name)


def test_nothing_that_the_example_chooses_by_tells() -> None:
    criteria = [one for one in PLAIN.columns if one.sensitivity is not None]
    assert len(criteria) == 4
    names = [name for one in criteria for name in (one.field, one.logical, *one.headers)]
    assert [name for name in names if is_special(name) or is_of_device(name) or is_suppressed(name)] == []


def test_every_column_that_the_example_forbids_for_what_it_gives_away_is_known() -> None:
    money_and_numbers = ("iban", "rekening", "compte", "national", "rijks", "insz", "niss", "identit")
    telling = [
        name for name in PLAIN.forbidden if not any(part in name.casefold() for part in money_and_numbers)
    ]
    assert len(telling) > 20
    assert [name for name in telling if not is_special(name)] == []
    assert [name for name in PLAIN.forbidden if name not in telling and not is_barred(name)] == []


def test_r_059_nothing_that_the_example_reads_or_drops_is_barred() -> None:
    read = [name for one in PLAIN.columns for name in (one.logical, *one.headers)]
    assert [name for name in (*read, *PLAIN.ignored) if is_barred(name)] == []
    assert [name for name in PLAIN.ignored if is_special(name)] == []


@pytest.mark.parametrize(
    "name", ["Fraude", "PEP", "Gespreksopname", "Mot de passe", "Kaartnummer", "Carte d’identité"]
)
def test_r_059_offences_recordings_and_secrets_are_barred_too(name: str) -> None:
    assert is_barred(name)


@pytest.mark.parametrize(
    "name", ["Account Number", "Nom de famille", "Family Name", "Number", "Pepper", "Card"]
)
def test_r_059_what_only_sounds_like_it_is_not(name: str) -> None:
    assert not is_barred(name)
    assert is_special(name) == ""
