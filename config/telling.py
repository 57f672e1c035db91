"""Names that give something away about a person, whatever class somebody wrote beside them.

The lists are closed and in Dutch, French and English. A name is compared as whole words, without capitals and
accents; a term of several words also matches when it is written as one, as logical names are.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Health, care, reimbursements, allowances, births, children and family, beliefs.
_SPECIAL: Final = """
health, gezondheid, sante, medical, medisch, medische, medicale, diagnosis, diagnose, diagnostic, disease, illness,
ziekte, maladie, treatment, behandeling, traitement, medication, medicatie, medicament, patient, therapy, therapie,
care, zorg, soins, care score, care allowance, care need, zorgtoeslag, zorgbehoefte, zorgverlener, care provider,
provider type, prestataire de soins, doctor, huisarts, medecin, pharmacy, apotheek, pharmacie, kinesitherapie,
physiotherapy, psychologist, psycholoog, psychologue, pregnancy, pregnant, zwanger, zwangerschap, grossesse,
diabetes, diabete, diabetic, diabetique, cancer, kanker, oncology, oncologie, dialysis, dialyse, depression, depressie,
burnout, burn out, obesity, obesitas, obesite, incontinence, incontinentie, fertility, fertiliteit, fertilite, ivf, fiv,
home nursing, thuisverpleging, verpleging, mantelzorg, soins infirmiers, palliative, palliatief, palliatif,
vaccination, vaccinatie, breastfeeding, borstvoeding, allaitement, kraam,
reimbursement, terugbetaling, remboursement, claim, claims score, claims reimbursement, schadeclaim, sinistre,
hospital, hospital stay, hospital plan, ziekenhuis, ziekenhuisopname, hopital, hospitalisation, hospitalization,
hospitalisatie, hospitalisatieverzekering, sejour hospitalier,
birth, births, birth grant, geboorte, geboortepremie, naissance, childbirth, bevalling, accouchement, newborn, baby,
maternity, maternite, kraamzorg, child, children, number of children, has children, child benefit, kinderen,
aantal kinderen, kinderopvang, kinderbijslag, kindergeld, enfant, nombre d enfants, creche, family, family size,
family composition, family status, familie, famille, familiale, gezin, gezinssamenstelling, gezinssituatie, household,
huishouden, menage, marital status, burgerlijke staat, etat civil, spouse, echtgenoot, conjoint, dependant, dependent,
ten laste, persoon ten laste, personne a charge,
disability, disabled, handicap, handicape, invalidity, invaliditeit, invalidite, incapacity, arbeidsongeschikt,
arbeidsongeschiktheid, incapacite, increased allowance, allowance, verhoogde tegemoetkoming, tegemoetkoming,
intervention majoree, allocation, uitkering, bim, omnio,
optical, optician, optiek, opticien, optique, lunettes, glasses, bril, lenses, dental, dental plan, dentist, tandarts,
tandzorg, tandverzekering, dentaire, dentiste, orthodontics, orthodontie, hearing aid, hoorapparaat,
appareil auditif, wheelchair, rolstoel, fauteuil roulant, prosthesis, prothese,
religion, religie, godsdienst, ethnicity, ethnic, etnisch, ethnique, trade union, vakbond, syndicat, political,
politiek, politique, sexual, seksueel, sexuel
"""
# Which fund, and where somebody comes from: beliefs and origin follow from them.
_AFFILIATION: Final = """
fund, health fund, health fund code, fund affiliation, fund member, fund code, sickness fund, affiliation, affiliated,
ziekenfonds, ziekenfondslidmaatschap, mutualiteit, mutuality, mutualite, mutuelle, landsbond, aansluiting,
origin, country of origin, herkomst, land van herkomst, origine, pays d origine, nationality, nationaliteit,
nationalite, country of birth, birth country, birthplace, place of birth, geboorteland, geboorteplaats,
pays de naissance, lieu de naissance, expatriation, expat, country of expatriation
"""
# What a browser or a device leaves behind; it never meets what the CRM knows.
_DEVICE: Final = """
client id, cookie, cookie id, utag, utag main, utag vid, ga, ga client id, gid, gclid, fbclid, fbp, fbc, session,
session id, sessie, sessie id, identifiant de session, device, device id, toestel id, apparaat id, id appareil,
identifiant de l appareil, visitor id, bezoekers id, identifiant visiteur, fingerprint, ip, ip address, adresse ip,
advertising id, idfa, gaid, user agent, tracking id, clickstream
"""
# People who said no, or about whom somebody else did; nobody asks them again.
_SUPPRESSED: Final = """
donotemail, donotbulkemail, donotsendmm, do not email, do not bulk email, do not contact, do not call, restricted,
restriction, beperkt, legal hold, deceased, overleden, decede, objected, objection, objector, bezwaar, opposition,
opt out, opted out, uitgeschreven, unsubscribed, unsubscribe, desinscrit, desabonne, suppressed, suppression,
blacklisted, withdrawn, withdrawal, ingetrokken, retire, erased, gewist, efface, complaint, bounced
"""
# Numbers and papers of a person, money, offences, recordings and secrets: they never enter.
_BARRED: Final = """
national number, national register number, rijksregister, rijksregisternummer, registre national, numero national, insz,
niss, bsn, burgerservicenummer, nir, social security, social security number, sociale zekerheid, securite sociale, ssn,
identity card, identity card number, id card, identiteitskaart, identiteitskaartnummer, carte d identite, passport,
passport number, paspoort, paspoortnummer, passeport, driving licence, rijbewijs, permis de conduire,
iban, bank account, bank account number, bankrekening, bankrekeningnummer, rekeningnummer, numero de compte,
compte bancaire, credit card, card number, kredietkaart, kaartnummer, carte de credit, carte bancaire, numero de carte,
offence, criminal record, inbreuk, strafblad, infraction, casier judiciaire, fraud, fraude, fraud score, aml, witwassen,
blanchiment, pep, call recording, gespreksopname, enregistrement d appel, password, wachtwoord, mot de passe
"""
# What sounds like one of the above and is not.
_HARMLESS: Final = (
    "product family",
    "famille de produits",
    "date of birth",
    "birth date",
    "date de naissance",
    "family name",
    "nom de famille",
)
_ENDINGS: Final = ("", "s", "n", "en", "x")
_SHORT: Final = 4


def is_special(name: str) -> str:
    """The rule by which a name is special whatever its class, "R-062" or "R-063", or ""."""
    words = _words(name)
    if _matches(words, _TERMS["affiliation"]):
        return "R-063"
    return "R-062" if _matches(words, _TERMS["special"]) else ""


def is_barred(name: str) -> bool:
    """Whether what a name speaks of may not even pass by in an export: none of it is marketing's (R-059)."""
    return _matches(_words(name), _TERMS["barred"])


def is_of_device(name: str) -> bool:
    """Whether a name speaks of a browser, a session or a device (R-066)."""
    return _matches(_words(name), _TERMS["device"])


def is_suppressed(name: str) -> bool:
    """Whether a name speaks of people who must be left alone (R-025)."""
    return _matches(_words(name), _TERMS["suppressed"])


def _words(name: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    plain = "".join(one for one in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(one))
    text = f" {' '.join(re.findall(r'[a-z0-9]+', plain.casefold()))} "
    for harmless in _HARMLESS:
        text = text.replace(f" {harmless} ", " ")
    return text.split()


def _matches(words: list[str], terms: frozenset[str]) -> bool:
    """Whether words that stand side by side make a term; a longer one may have an ending."""
    return any(
        "".join(words[start:end]) in terms
        for start in range(len(words))
        for end in range(start + 1, min(len(words), start + 4) + 1)
    )


def _terms(listed: str) -> frozenset[str]:
    glued = [term.replace(" ", "") for term in " ".join(listed.split()).split(", ")]
    longer = (f"{term}{ending}" for term in glued if len(term) > _SHORT for ending in _ENDINGS)
    return frozenset([*glued, *longer])


_TERMS: Final = {
    "special": _terms(_SPECIAL),
    "affiliation": _terms(_AFFILIATION),
    "barred": _terms(_BARRED),
    "device": _terms(_DEVICE),
    "suppressed": _terms(_SUPPRESSED),
}
