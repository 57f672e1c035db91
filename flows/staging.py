"""From export rows to buckets of subjects: only keyed rows reach the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa

from domain.errors import CheckFailed, ExportRefused, RunBlocked
from domain.reason import Reason, bit
from expectations.validate import require, validate
from flows.ahead import ahead
from flows.aliases import aliases_file, domains_file, kinds_of
from flows.canaries import Lookout
from flows.checks import record_checks
from flows.reading import reading_rules, subject_keys
from flows.snapshots import Snapshot, merged_file, shared_file, subjects_file
from flows.wiring import Site
from storage.delivery import Delivery
from storage.exports import ExportBatch, ExportFile, read_export
from transforms.aliases import of_other_spellings
from transforms.contracts import ALIASES, BLOCKED, BUCKETS, SECRETS, SUBJECTS
from transforms.crm import unknown_tokens
from transforms.merges import MERGED, merged_of, said_for_masters, with_masters
from transforms.moves import DOMAINS, beside_others
from transforms.subjects import (
    blocked_by_notes,
    by_contact,
    collapsed,
    pseudonymised,
    said_of_contacts,
    spoken_for,
)

SECRET_BYTES: Final = 32
MAX_UNKNOWN_SHARE: Final = 0.001
MAX_FORBIDDEN_SHARE: Final = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Rows of an export: all, set aside as malformed, with an opt-out cell that nobody can read (R-007).

    ``forbidden`` have something in an allowed column that must not be there (R-060); ``canaries_missing`` are declared
    canary objectors that are no row of it (R-047).
    """

    read: int
    malformed: int
    unknown: int
    forbidden: int
    canaries_missing: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Keyed:
    """What became of a batch of the export; no address is left in it."""

    subjects: pl.DataFrame
    blocked: pl.DataFrame
    aliases: pl.DataFrame
    said: pl.DataFrame
    merged: pl.DataFrame
    malformed: int
    unknown: int
    forbidden: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Staged:
    """An export by bucket: its rows, the other forms of their addresses, and what was said of each contact.

    ``said`` has contact UInt64, once, and said_bits UInt32.
    """

    subjects: Delivery
    aliases: Delivery
    said: pl.DataFrame


def staged(here: Site, name: str, file: ExportFile, folder: str) -> tuple[Staged, Counted]:
    """Key every row and sort it into its bucket; what memory cannot hold waits below ``folder``."""
    source = here.org.sources[name]
    rules = reading_rules(here, name)
    keys = subject_keys(here)
    totals: Counter[str] = Counter()
    blocked = [pl.DataFrame(schema=BLOCKED)]
    said: list[pl.DataFrame] = []
    merged = [pl.DataFrame(schema=MERGED)]
    domains = [pl.DataFrame(schema=DOMAINS)]
    canaries = Lookout(here, name)

    def work(batch: ExportBatch) -> _Keyed:
        subjects, noted, aliases = pseudonymised(batch.frame, keys=keys, rules=rules)
        stray = pl.DataFrame({"email": batch.stray.cast(pl.String)}).with_columns(
            pl.lit(bit(Reason.IDENTIFIER_INVALID), dtype=pl.UInt32).alias("bits")
        )
        return _Keyed(
            subjects=subjects,
            blocked=pl.concat([noted, blocked_by_notes(stray, keys=keys)]),
            aliases=aliases,
            said=said_of_contacts(subjects),
            merged=merged_of(subjects),
            malformed=batch.malformed.height,
            unknown=unknown_tokens(batch.frame),
            forbidden=_forbidden(subjects),
        )

    def keyed() -> Iterator[pl.DataFrame]:
        for done in ahead(work, read_export(file, source.spec(name))):
            blocked.append(done.blocked)
            said.append(done.said)
            merged.append(done.merged)
            aliases.add(done.aliases)
            domains.append(done.aliases.filter("of_domain").select(pl.col("alias_key").unique()))
            canaries.see(done.subjects, done.aliases)
            totals["read"] += done.subjects.height + done.malformed
            totals["malformed"] += done.malformed
            totals["unknown"] += done.unknown
            totals["forbidden"] += done.forbidden
            yield done.subjects

    aliases = Delivery(here.store, here.frames, ALIASES, f"{folder}/alias-parts")
    subjects = Delivery(here.store, here.frames, SUBJECTS, f"{folder}/parts")
    subjects.take(keyed())
    here.frames.write(f"{folder}/blocked.parquet", pl.concat(blocked).unique(maintain_order=False))
    here.frames.write(domains_file(folder), pl.concat(domains).unique())
    masters = with_masters(pl.concat(merged))
    here.frames.write(merged_file(folder), masters)
    canaries.write(folder)
    counted = Counted(
        read=totals["read"],
        malformed=totals["malformed"],
        unknown=totals["unknown"],
        forbidden=totals["forbidden"],
        canaries_missing=canaries.missing,
    )
    return Staged(subjects=subjects, aliases=aliases, said=_by_contact(said, masters)), counted


def _by_contact(said: list[pl.DataFrame], masters: pl.DataFrame) -> pl.DataFrame:
    """What was said of each contact, and of every record that was merged into it."""
    own = by_contact(said)
    return by_contact([own, said_for_masters(own, masters)])


def _forbidden(subjects: pl.DataFrame) -> int:
    return int(subjects.select(((pl.col("crm_bits") & bit(Reason.SPECIAL_CATEGORY)) != 0).sum()).item() or 0)


def guarded(here: Site, name: str, before: Snapshot | None, counted: Counted) -> None:
    """Refuse an export that is not what its source usually delivers.

    Raises:
        ExportRefused: empty, too many malformed rows, or cells in a language or coding that is not declared.
        RunBlocked: it lost more rows than the source allows.
        CheckFailed: a canary objector is missing in it: it is not what we think (R-047).
    """
    source = here.org.sources[name]
    lost = max(0, before.read - counted.read) if before else 0
    may_lose = int(before.read * source.max_shrink_share) if before else 0
    checks = validate(
        "export",
        {
            "rows_read": counted.read,
            "rows_malformed": counted.malformed,
            "rows_malformed_over_limit": _over(counted.malformed, source.max_malformed_share, counted.read),
            "rows_unknown_over_limit": _over(counted.unknown, MAX_UNKNOWN_SHARE, counted.read),
            "rows_forbidden_over_limit": _over(counted.forbidden, MAX_FORBIDDEN_SHARE, counted.read),
            "rows_lost_over_limit": max(0, lost - may_lose),
            "canaries_missing": counted.canaries_missing,
        },
    )
    record_checks(here, name, checks)
    failed = {check.check for check in checks if not check.success}
    if "rows_malformed_over_limit" in failed:
        raise ExportRefused(
            what=f"{counted.malformed} of {counted.read} rows are malformed, more than the source allows",
            do="Export again; rows with too many or too few fields usually come from an unquoted delimiter",
            place=name,
        )
    if "rows_unknown_over_limit" in failed:
        raise ExportRefused(
            what=f"{counted.unknown} of {counted.read} rows hold an opt-out cell with an unknown word (R-007)",
            do="Export in a declared language, or add the word to transforms/crm.py after asking the CRM's owner",
            place=name,
        )
    if "rows_forbidden_over_limit" in failed:
        raise ExportRefused(
            what=f"{counted.forbidden} of {counted.read} rows hold a national number, account, card, phone or "
            "diagnosis code in a text column (R-060)",
            do="Have these columns cleaned in the CRM, or take them out of the view, then export again",
            place=name,
        )
    if "rows_lost_over_limit" in failed and before is not None:
        raise RunBlocked(
            what=f"the export has {counted.read} rows, the one before had {before.read}",
            do="Check the view and its filter in the CRM; raise max_shrink_share of the source if people really left",
            place=name,
        )
    if "canaries_missing" in failed:
        raise CheckFailed(
            what=f"{counted.canaries_missing} declared canary objector(s) are not in the export (R-047)",
            do="Check the view and its filter in the CRM: it must hold everybody, these contacts among them",
            place=name,
        )
    require(checks)


def _over(count: int, share: float, total: int) -> int:
    return max(0, count - int(share * total))


def collapsed_buckets(here: Site, name: str, folder: str, parts: Staged, counted: Counted) -> int:
    """Collapse each bucket to subjects, give every new subject its secret, drop the parts; gives the subjects.

    Raises:
        CheckFailed: the rows do not add up, or a key is missing, doubled or of the wrong length.
    """
    suppression_key, reads_digests = here.keys.get("suppression"), bool(kinds_of(here))

    def finished(bucket: int) -> dict[str, int]:
        rows = spoken_for(parts.subjects.rows(f"{bucket:02}"), parts.said)
        subjects = collapsed(rows)
        here.frames.write(subjects_file(folder, bucket), subjects)
        here.frames.write(shared_file(folder, bucket), beside_others(rows))
        aliases = [parts.aliases.rows(f"{bucket:02}")]
        if reads_digests:
            aliases.append(of_other_spellings(rows, key=suppression_key))
        here.frames.write(aliases_file(folder, bucket), pl.concat(aliases).unique())
        _give_secrets(here, bucket, subjects)
        return _measured(subjects)

    totals: Counter[str] = Counter()
    for measured in ahead(finished, range(BUCKETS)):
        totals.update(measured)
    parts.subjects.clear()
    parts.aliases.clear()
    lost = counted.read - counted.malformed - totals.pop("accounted")
    checks = validate("subjects", {**totals, "rows_lost": abs(lost)})
    record_checks(here, name, checks)
    require(checks)
    return totals["rows"]


def _measured(subjects: pl.DataFrame) -> dict[str, int]:
    key = pl.col("subject_key")
    wrong = [(pl.col(name).bin.size() != SECRET_BYTES).sum() for name in ("google_digest", "meta_digest")]
    row = subjects.select(
        pl.len().alias("rows"),
        key.is_null().sum().alias("rows_without_key"),
        (key.bin.size() != SECRET_BYTES).sum().alias("keys_wrong_length"),
        (pl.len() - key.n_unique()).alias("keys_duplicate"),
        (wrong[0] + wrong[1]).alias("digests_wrong_length"),
        pl.col("rows").cast(pl.Int64).sum().alias("accounted"),
    ).row(0, named=True)
    return {name: int(value or 0) for name, value in row.items()}


def _give_secrets(here: Site, bucket: int, subjects: pl.DataFrame) -> None:
    """Give 32 random bytes to every subject that has none yet; destroying them later unlinks its audit rows."""
    name = f"secrets/{bucket:02}.parquet"
    known = here.frames.read(name, SECRETS, missing_ok=True)
    new = subjects.select("lookup_key").join(known, on="lookup_key", how="anti")
    if new.is_empty():
        return
    noise = pa.py_buffer(here.random(SECRET_BYTES * new.height))
    secrets = pa.FixedSizeBinaryArray.from_buffers(pa.binary(SECRET_BYTES), new.height, [None, noise])
    given = new.with_columns(pl.Series("secret", secrets, dtype=pl.Binary))
    here.frames.write(name, pl.concat([known, given.select(SECRETS.names())]))
