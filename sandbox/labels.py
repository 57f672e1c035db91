"""The option sets of the CRM: what a cell shows for a code, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Option set, language, code, label. Labels of one set never repeat, so that the drop-down can be read back.
LABELS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "allow": {
        "nl": {"no": "Toestaan", "yes": "Niet toestaan"},
        "fr": {"no": "Autoriser", "yes": "Ne pas autoriser"},
        "en": {"no": "Allow", "yes": "Do Not Allow"},
    },
    # Stored true means: do NOT send, under a header that says "send" (the reader's best-known trap).
    "send": {
        "nl": {"no": "Verzenden", "yes": "Niet verzenden"},
        "fr": {"no": "Envoyer", "yes": "Ne pas envoyer"},
        "en": {"no": "Send", "yes": "Do Not Send"},
    },
    "yesno": {
        "nl": {"yes": "Ja", "no": "Nee"},
        "fr": {"yes": "Oui", "no": "Non"},
        "en": {"yes": "Yes", "no": "No"},
    },
    "state": {
        "nl": {"yes": "Actief", "no": "Inactief"},
        "fr": {"yes": "Actif", "no": "Inactif"},
        "en": {"yes": "Active", "no": "Inactive"},
    },
    "role": {
        "nl": {"holder": "Titularis", "dependant": "Persoon ten laste", "provider": "Zorgverlener"},
        "fr": {"holder": "Titulaire", "dependant": "Personne à charge", "provider": "Prestataire de soins"},
        "en": {"holder": "Contract holder", "dependant": "Dependant", "provider": "Care provider"},
    },
    # The first six are acts of the person; the last two are not.
    "contact": {
        "nl": {
            "form": "Formulier",
            "call": "Inkomende oproep",
            "quote": "Offerteaanvraag",
            "login": "Aanmelding",
            "purchase": "Aankoop",
            "reply": "Antwoord",
            "opened": "Mail geopend",
            "campaign": "Campagne",
        },
        "fr": {
            "form": "Formulaire",
            "call": "Appel entrant",
            "quote": "Demande de devis",
            "login": "Connexion",
            "purchase": "Achat",
            "reply": "Réponse",
            "opened": "Courriel ouvert",
            "campaign": "Campagne",
        },
        "en": {
            "form": "Form",
            "call": "Incoming call",
            "quote": "Quote request",
            "login": "Login",
            "purchase": "Purchase",
            "reply": "Reply",
            "opened": "Mail opened",
            "campaign": "Campaign",
        },
    },
}
