"""Checks of the paper's claims, and the evidence that they leave in the outputs of a chapter.

A check names rows of ``book/claims.yml`` and compares two sides that were built independently. It takes what it must
refuse as an argument, and runs *itself* on it: the same comparison, instances and tolerance. It raises `ClaimRejected`
if the two sides differ, `WrongAccepted` if it accepts what it must refuse, and returns `Evidence` otherwise, one card.

Where a check bears several rows, its sides are mappings from row to side, and so is each wrong formula, which may leave
rows out. One side for several rows is for rows that say the same (`restates` in ``book/claims.yml``).

Every check also tries formulas of its own in place of the accepted one (`exchanges`): those that it does not refuse are
on record as `survives`, and each has its reason in ``book/survivors.yml``.
"""

from paperlib.claims.comparisons import ROUNDING, Undecided
from paperlib.claims.equalities import checks, proves, samples
from paperlib.claims.experiments import judges
from paperlib.claims.refusals import Printed, prints
from paperlib.claims.statements import awaits, bounds, contradicts, decides, quotes
from paperlib.claims.verification import ClaimRejected, WrongAccepted

__all__ = [
    "ROUNDING",
    "ClaimRejected",
    "Printed",
    "Undecided",
    "WrongAccepted",
    "awaits",
    "bounds",
    "checks",
    "contradicts",
    "decides",
    "judges",
    "prints",
    "proves",
    "quotes",
    "samples",
]
