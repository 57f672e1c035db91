"""When marketing has to end: one clock for prospects, one for customers (R-048 to R-050)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from domain.reason import Reason, bit
from transforms.crm import CUSTOMER, FORMER_CUSTOMER, PROSPECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The first days that still count today: of a prospect's last own contact, of the end of a relationship."""

    prospect_oldest: date
    customer_oldest: date


def retention_bits(periods: Periods) -> pl.Expr:
    """RETENTION_EXPIRED where the clock of a subject has run out, or where it has none (UInt32, never null).

    Needs:  customer_status, anchor_on of SUBJECTS
    """
    anchor, status = pl.col("anchor_on"), pl.col("customer_status")
    ended = (anchor >= periods.customer_oldest).fill_null(value=False)
    current = (status == CUSTOMER) & (anchor.is_null() | ended)
    former = (status == FORMER_CUSTOMER) & ended
    prospect = (status == PROSPECT) & (anchor >= periods.prospect_oldest).fill_null(value=False)
    expired = ~(current | former | prospect).fill_null(value=False)
    return pl.when(expired).then(bit(Reason.RETENTION_EXPIRED)).otherwise(0).cast(pl.UInt32)
