"""A list may name an address by another form than the one that is sent, or by its domain (R-038)."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from domain.alias import AliasKind
from domain.reason import Reason
from tests.transforms.frames import ADDRESS, KEYS, NOW, aliases, hashed, lines, listed, reference, subjects
from tests.transforms.spellings import GUESSED, NOT_PROMISED, digest, pairs, promised
from transforms.aliases import resolved
from transforms.contracts import ALIASES, SUPPRESSION
from transforms.suppression import entries_of_domains, entry_bits

LOWER = frozenset({AliasKind.SHA256})


def domain_rules(*rules: str) -> pl.DataFrame:
    return entries_of_domains(
        lines(rules), key=KEYS.suppression, reason=Reason.EXTERNAL_LIST, controller=None, received_at=NOW
    )


def hit(address: str, rule: str) -> bool:
    return resolved(domain_rules(rule).select(SUPPRESSION.names()), aliases({"email": address})).height > 0


@pytest.mark.parametrize(("objected", "held"), pairs())
def test_r_038_an_opt_out_in_one_spelling_covers_every_other(objected: str, held: str) -> None:
    people = subjects({"email": held.format(n=7)})
    said_no = entry_bits(people, listed(objected.format(n=7)), controller="fonds").item()
    # A spelling that has to be guessed at has no digest: it is nobody's member either.
    assert (people["google_digest"].item() is None) == (held in GUESSED)
    assert said_no or (people["identifier_bits"].item() and held in GUESSED)


@pytest.mark.parametrize("form", ["sha256", "md5"])
@pytest.mark.parametrize(("text", "held"), promised())
def test_r_038_a_list_of_digests_names_every_form_that_is_promised(form: str, text: str, held: str) -> None:
    person = {"email": held.format(n=7)}
    named = resolved(hashed(digest(text.format(n=7), form)), aliases(person))
    assert named["subject_key"].to_list() == subjects(person)["subject_key"].to_list()
    assert named["hashed_key"].to_list() == [None]
    assert dict(named.schema) == dict(SUPPRESSION)


@pytest.mark.parametrize("form", ["sha256", "md5"])
def test_r_038_a_digest_of_what_the_address_does_not_hold_names_nobody(form: str) -> None:
    for held, texts in NOT_PROMISED.items():
        digests = hashed(*[digest(text.format(n=7), form) for text in texts])
        assert resolved(digests, aliases({"email": held.format(n=7)})).is_empty()


def test_most_addresses_need_no_alias_for_digests_of_their_lower_case() -> None:
    further = aliases({"email": ADDRESS}, kinds=LOWER)
    assert further["alias_key"].n_unique() == 1  # that of the platform digest, which no file holds


def test_only_what_a_list_needs_is_kept() -> None:
    person = {"email": "An.P+x@gmail.com"}
    counted = [aliases(person, kinds=kinds)["alias_key"].n_unique() for kinds in (frozenset(), LOWER)]
    assert counted[0] == 2
    assert counted[1] > counted[0]
    assert not resolved(hashed(digest("AN.P+X@GMAIL.COM", "sha256")), aliases(person, kinds=LOWER)).height
    assert not resolved(hashed(digest("an.p+x@gmail.com", "md5")), aliases(person, kinds=LOWER)).height


def test_r_035_aliases_hold_no_plain_digest() -> None:
    made = aliases({"email": ADDRESS})
    plain = [bytes.fromhex(digest(ADDRESS, form)) for form in ("sha256", "md5")]
    assert not set(plain) & set(made["alias_key"])
    assert set(made["alias_key"].bin.size()) == {32}
    assert dict(made.schema) == dict(ALIASES)


def test_r_078_an_address_with_a_fault_has_no_alias() -> None:
    assert aliases({"email": "info@post.example"}, {"contact_id": "2", "email": None}).is_empty()


def test_each_statement_about_somebody_counts_once() -> None:
    digests = hashed(digest("an.p@gmail.com", "sha256"), digest("anp@googlemail.com", "md5"))
    assert resolved(digests, aliases({"email": "an.p@gmail.com"})).height == 1


def test_null_keys_name_nobody() -> None:
    nobody = pl.DataFrame({"subject_key": [b"k"], "alias_key": [None]}, schema=ALIASES)
    assert resolved(hashed("geen"), nobody).is_empty()


@pytest.mark.parametrize(
    ("rule", "hits", "misses"),
    [
        ("@partner.example", ["a@partner.example"], ["a@mail.partner.example", "a@notpartner.example"]),
        ("*@partner.example", ["a@partner.example"], ["a@mail.partner.example"]),
        (".partner.example", ["a@mail.partner.example", "a@x.y.partner.example"], ["a@partner.example"]),
        ("*.partner.example", ["a@mail.partner.example"], ["a@partner.example"]),
        (
            "partner.example",
            ["a@partner.example", "a@mail.partner.example"],
            ["a@notpartner.example", "a@partner.example.test.example", "a@example.example"],
        ),
        ('  \ufeff"Partner.EXAMPLE." # ours', ["a@partner.example"], ["a@other.example"]),
        ("münchen.example", ["a@xn--mnchen-3ya.example", "a@m\u00fcnchen.example"], ["a@munchen.example"]),
        ("xn--mnchen-3ya.example ; note", ["a@münchen.example", "a@post.MÜNCHEN.example"], []),
        ("googlemail.com", ["an.peeters@gmail.com"], ["an.peeters@post.example"]),
    ],
)
def test_a_rule_for_a_domain_is_compared_label_by_label(
    rule: str, hits: list[str], misses: list[str]
) -> None:
    local = "an.peeters"
    hits, misses = ([one.replace("a@", f"{local}@") for one in some] for some in (hits, misses))
    assert [hit(address, rule) for address in hits] == [True] * len(hits)
    assert [hit(address, rule) for address in misses] == [False] * len(misses)


@pytest.mark.parametrize(
    "rule", ["be", ".example", "@com", "an@partner.example", "partner .example", "-x.example", "x..example", "?", "@", "*"]
)  # fmt: skip
def test_a_line_that_is_no_rule_is_handed_back(rule: str) -> None:
    assert domain_rules("ok.example", rule).filter(pl.col("hashed_key").is_null())["line"].to_list() == [2]


def test_comments_of_a_list_of_domains_are_no_rules() -> None:
    made = domain_rules("# ours", "; theirs", "", "@partner.example")
    assert made["line"].to_list() == [4]
    assert made["hashed_key"].to_list() == [reference("@partner.example", KEYS.suppression)]


def test_aliases_do_not_depend_on_their_neighbours() -> None:
    people = [{"contact_id": str(at), "email": text.format(n=at)} for at, (_, text) in enumerate(promised())]
    together = aliases(*people)
    one_by_one = pl.concat(aliases(person) for person in people)
    order = ["subject_key", "alias_key"]
    assert_frame_equal(together.unique().sort(order), one_by_one.unique().sort(order))
