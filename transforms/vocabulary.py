"""Words that tell, in or around an address, that it cannot stand for one person who may be addressed (nl, fr, en)."""

from __future__ import annotations

from typing import Final

# Local parts of functions, not people, also followed by digits, a language code or a tag: info2@, info-nl@.
ROLES: Final = frozenset(
    {
        "abuse", "accounting", "accueil", "admin", "administratie", "administration", "administrator", "aankoop",
        "achat", "achats", "adm", "administrateur", "bestelling", "bestellingen", "billing", "boekhouding", "bureau",
        "compta", "comptabilite", "contact", "contacten", "directie", "direction", "dpo", "enquiries", "facturatie",
        "facturation", "facture", "factures", "facturen", "finance", "gdpr", "helpdesk", "hello", "hostmaster", "hr",
        "info", "informatie", "information", "infos", "inkoop", "invoice", "invoices", "it", "jobs", "klantendienst",
        "mail", "mailer-daemon", "mailerdaemon", "marketing", "news", "newsletter", "nieuwsbrief", "no-reply",
        "no_reply", "noreply", "donotreply", "do-not-reply", "ne-pas-repondre", "nepasrepondre", "office", "onthaal",
        "orders", "postmaster", "press", "privacy", "purchase", "receptie", "reception", "recrutement", "rh", "root",
        "sales", "secretariaat", "secretariat", "security", "service", "spam", "support", "team", "vente", "ventes",
        "verkoop", "webmaster", "welcome", "www",
    }
)  # fmt: skip

# Local parts that people type when they have no address or do not want to give it.
PLACEHOLDERS: Final = frozenset(
    {
        "asdf", "asdfasdf", "aucun", "aucune", "azerty", "dummy", "example", "fake", "foo", "geen", "geen-email",
        "geen.email", "geenemail", "geenmail", "geen_email", "geen_mail", "heeftgeen", "inconnu", "jane.doe", "janedoe",
        "john.doe", "johndoe", "n.a", "na", "nan", "niet", "no", "no-email", "no-mail", "no.email", "no.mail",
        "no_email", "no_mail", "nobody", "noemail", "nomail", "non", "none", "normail", "nothing", "null", "nvt",
        "onbekend", "pas-de-mail", "pas.de.mail", "pasdadresse", "pasdemail", "pasdemel", "qwerty", "sans",
        "sans-mail", "sans.mail", "sansemail", "sansmail", "test", "test1", "test123", "tester", "testtest",
        "undefined", "unknown",
    }
)  # fmt: skip

# Domains that nobody meant to type. Held, never corrected: a corrected typo is somebody else's address.
TYPO_DOMAINS: Final = frozenset(
    {
        "gail.com", "gamil.com", "gmai.com", "gmail.co", "gmail.cm", "gmaill.com", "gmal.com", "gmial.com",
        "gmil.com", "gnail.com", "homail.com", "homtail.com", "hotamil.com", "hotmai.com", "hotmail.co", "hotmal.com",
        "hotmial.com", "hotmil.com", "hotnail.com", "outlok.com", "outloo.com", "outlook.co", "skinet.be",
        "skynt.be", "telent.be", "telenet.com", "telnet.be", "yaho.com", "yahoo.co", "yahooo.com", "yhoo.com",
    }
)  # fmt: skip

# Endings that do not exist. A full list of the ones that do would be out of date at the next release of one.
TYPO_ENDINGS: Final = frozenset(
    {
        "bee", "beee", "bve", "cmo", "cok", "coim", "comm", "con", "coom", "copm", "cpm", "frr", "fro",
        "gom", "nett", "nll", "nlo", "ocm", "ogr", "rog", "vom", "xom",
    }
)  # fmt: skip

# Not set here but by each source: which reserved names are refused (a test organisation lives on one of them).
RESERVED_DOMAINS: Final = frozenset(
    {"example", "example.com", "example.net", "example.org", "invalid", "local", "localhost", "test"}
)

# A note in the cell that speaks against the address (sources.md 9, row 38), long enough to count anywhere ...
OBJECTION_NOTES: Final = (
    "uitgeschr", "uitschrijv", "afgemeld", "opt-out", "optout", "opted out", "unsubscr", "desabonn", "désabonn",
    "desinscri", "désinscri", "ne plus contacter", "ne pas contacter", "plus contacter", "niet contacteren",
    "niet meer contacteren", "niet mailen", "niet meer mailen", "do not contact", "donotcontact", "do not mail",
    "do not email", "wenst geen", "ne souhaite", "ne veut", "wil geen",
)  # fmt: skip
DEATH_NOTES: Final = ("overleden", "gestorven", "décédé", "decede", "défunt", "defunt", "deceased", "†")
# ... and short words that count only beside an address that was not accepted.
OBJECTION_WORDS: Final = (
    "oud", "oude", "old", "ancien", "ancienne", "stop", "niet", "geen", "not", "no", "don't", "pas", "plus",
    "invalid", "invalide", "ongeldig", "bounce", "bounced", "refus", "refuse", "refusé", "weigert", "klacht",
    "plainte", "vervallen", "verhuisd", "obsolete",
)  # fmt: skip
DEATH_WORDS: Final = ("overl", "dcd", "died", "dead", "rip", "mort", "dood")
