"""Write `wide_reference.json`: expectations of two wide neurons by double integrals of mpmath at 30 digits.

Run by hand, `python tests/wide_reference.py`; it takes some minutes. It shares no step with `paperlib.networks.wide`:
plain activations, and Gauss–Legendre sums between cuts over z and, inside, over z', right to 18 digits.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from mpmath import exp, fsum, log1p, mp, mpf, npdf, sech, tanh
from mpmath.calculus.quadrature import GaussLegendre

Function = Callable[[mpf], mpf]

CASES = [  # activation, s, α, β of u = sz and v = αz + βz'
    ("tanh", 7.0, 1.75, 3.0),
    ("tanh", 14.0, 13.75, 2.0),
    ("tanh", 100.0, -5000.0, 8660.0),
    ("tanh", 10000.0, -10000.0, 0.015625),
    ("tanh", 1000.0, 0.0, 1000.0),
    ("tanh", 30.0, 0.09375, 0.03125),
    ("tanh", 0.0009765625, 100.0, 0.015625),
    ("tanh", 3.5, 0.5, 10000.0),
    ("sigmoid", 14.0, -7.0, 12.0),
    ("sigmoid", 1000.0, -999.875, 14.0),
    ("sigmoid", 7.0, 30.0, 0.00390625),
    ("sigmoid", 10000.0, 0.09375, 0.03125),
    ("sigmoid", 0.125, -30.0, 0.5),
    ("sigmoid", 100.0, 50.0, 1000.0),
    ("softplus", 7.0, 3.5, 6.0),
    ("softplus", 30.0, -29.75, 4.0),
    ("softplus", 10000.0, -7.0, 0.125),
    ("softplus", 100.0, 10000.0, 1.5),
    ("softplus", 0.0009765625, 14.0, 24.0),
    ("softplus", 1000.0, 0.0, 0.0078125),
    ("softplus", 14.0, -1000.0, 0.00390625),
]
WANTED = [  # i, j, a, b of E[σ⁽ⁱ⁾(u) σ⁽ʲ⁾(v) zᵃ z'ᵇ]
    (0, 0, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1),
    (1, 1, 2, 0), (1, 1, 1, 1), (1, 1, 0, 2),
    (2, 0, 2, 0), (2, 0, 1, 1), (2, 0, 0, 2),
]  # fmt: skip
LAST = mpf(12)


def logistic(t: mpf) -> mpf:
    """The logistic function."""
    return 1 / (1 + exp(-t))


def slope(t: mpf) -> mpf:
    """Its derivative."""
    return logistic(t) * logistic(-t)


def bend(t: mpf) -> mpf:
    """Its second derivative."""
    return slope(t) * (logistic(-t) - logistic(t))


DERIVATIVES: dict[str, tuple[Function, Function, Function]] = {
    "softplus": (lambda t: max(t, mpf(0)) + log1p(exp(-abs(t))), logistic, slope),
    "sigmoid": (logistic, slope, bend),
    "tanh": (tanh, lambda t: sech(t) ** 2, lambda t: -2 * tanh(t) * sech(t) ** 2),
}


def rule(centre: mpf, scale: mpf) -> list[tuple[mpf, mpf]]:
    """Return nodes and weights on (-12, 12) for a standard normal and what bends within `scale` of a centre."""
    cuts = {-LAST, LAST, centre} | {mpf(k) for k in range(-10, 12, 2)}
    distance = scale
    while distance < 2 * LAST:
        cuts |= {centre - distance, centre + distance}
        distance *= 2
    result = []
    for low, high in pairwise(sorted(cut for cut in cuts if -LAST <= cut <= LAST)):
        half = (high - low) / 2
        for x, w in GaussLegendre(mp).get_nodes(-1, 1, 3, mp.prec):  # twelve nodes
            z = low + half * (1 + x)
            result.append((z, half * w * npdf(z)))
    return result


def expectations(activation: str, s: mpf, along: mpf, across: mpf) -> tuple[list[mpf], list[mpf]]:
    """Return the expectations that are `WANTED`, and those of the absolute values."""
    functions = DERIVATIVES[activation]
    totals, sizes = [mpf(0)] * len(WANTED), [mpf(0)] * len(WANTED)
    for z, weight in rule(mpf(0), min(mpf(1), 1 / max(s, abs(along)))):
        inner = rule(-along * z / across, min(mpf(1), 1 / across))
        means: dict[tuple[int, int], tuple[mpf, mpf]] = {}
        for j, h in enumerate(functions[:2]):
            terms = [h(along * z + across * y) * w for y, w in inner]
            for b in range(3):
                means[j, b] = fsum(terms), fsum(terms, absolute=True)
                terms = [term * y for term, (y, _) in zip(terms, inner, strict=True)]
        values = [weight * g(s * z) for g in functions]
        for k, (i, j, a, b) in enumerate(WANTED):
            totals[k] += values[i] * z**a * means[j, b][0]
            sizes[k] += abs(values[i] * z**a) * means[j, b][1]
    return totals, sizes


def main() -> None:
    """Compute and write all."""
    mp.dps = 30
    rows = []
    for activation, *numbers in CASES:
        pairs = zip(*expectations(activation, *map(mpf, numbers)), strict=True)
        values = [[mp.nstr(number, 18) for number in pair] for pair in pairs]
        rows.append({"activation": activation, "neurons": numbers, "values": values})
        print(activation, *numbers, flush=True)
        content = json.dumps({"wanted": WANTED, "rows": rows}, indent=1)
        Path(__file__).with_suffix(".json").write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
