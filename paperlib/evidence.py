"""Evidence: what a check leaves in the outputs of a chapter, a card for readers and a record for the ledger."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

MIME = "application/vnd.paperlib.evidence+json"


class Kind(NamedTuple):
    """A kind of check: the verdicts that it can bear, and its figures in words, with places for those of a record."""

    verdicts: tuple[str, ...]
    figures: str


KINDS = {
    "sympy": Kind(("proved",), "sympy: the difference is 0"),
    "numerical": Kind(("checked",), "largest deviation below {deviation}, tolerance {tolerance}, {count}"),
    "monte carlo": Kind(("checked",), "{deviation} standard errors, limit {tolerance}, {instances:,} draws"),
    "bound": Kind(("checked",), "{nearest} times the bound where nearest, median bound {median}, {count}"),
    "cases": Kind(("checked",), "{count}, {true:,} of them true"),
    "experiment": Kind(
        ("not reproduced", "undecided", "confounded", "reproduced", "attainable"),
        "{met} of {instances} outcomes meet the rule: {rule}",
    ),
    "contradiction": Kind(("inconsistent",), "{quoted}"),
    "source": Kind(("quoted",), "{source}"),
    "lacking": Kind(("open",), "not run yet"),
}

_NAMES = {
    "eq": ("Eq.", "Eqs."),
    "prop": ("Prop.", "Props."),
    "cor": ("Cor.", "Cors."),
    "thm": ("Thm.", "Thms."),
    "lem": ("Lemma", "Lemmas"),
    "rem": ("Remark", "Remarks"),
    "ass": ("Assumption", "Assumptions"),
    "fig": ("Fig.", "Figs."),
    "tab": ("Table", "Tables"),
}


_WORDS = 25
"""Letters of words up to which a formula with words in it is one line on a phone."""


def label(claim: str) -> str:
    """Return the printed name of a row of the ledger.

    Example:
        >>> label("eq:9"), label("eq:17-20"), label("prop:1"), label("text:maml-good-on-both")
        ('Eq. (9)', 'Eqs. (17)–(20)', 'Prop. 1', '“MAML good on both”')
    """
    kind, _, name = claim.partition(":")
    if kind not in _NAMES:
        words = " ".join(word.upper() if word in ("maml", "erm", "sgd", "cifar") else word for word in name.split("-"))
        return f"“{words}”" if kind == "text" else words
    one, many = _NAMES[kind]
    ends = name.split("-")
    numbers = [f"({end})" for end in ends] if kind == "eq" else ends
    return f"{one if len(ends) == 1 else many} {'–'.join(numbers)}"


def rows(ids: str) -> list[str]:
    """Return the rows of the ledger that a text names, separated by spaces.

    Example:
        >>> rows("prop:1 eq:6")
        ['prop:1', 'eq:6']
    """
    claims = ids.split() if isinstance(ids, str) else []
    if not claims or not all(":" in claim for claim in claims):
        raise ValueError(f"ids must be rows of the ledger separated by spaces, such as 'prop:1 eq:6'; got {ids!r}")
    return claims


@dataclass(frozen=True)
class Evidence:
    """What a check found: `record` holds claims, verdict, kind, says, the figures, and what the check refuses."""

    record: dict[str, Any]

    @property
    def anchor(self) -> str:
        """The id of the card in its page: a digest of the record."""
        return f"evidence-{digest(self.record)}"

    def __str__(self) -> str:
        named = ", ".join(label(claim) for claim in self.record["claims"])
        lines = [f"{self.record['verdict']} · {named} · {self.record['says']} [{figures(self.record)}]"]
        return "\n".join(lines + [f"  refuses {refusal(item)}" for item in self.record.get("refuses", ())])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/plain": str(self), "text/markdown": card(self), MIME: self.record | {"anchor": self.anchor}}


def card(evidence: Evidence) -> str:
    """Write evidence as Markdown: verdict, rows, sentence, the formula, and one line of figures and refusals.

    What is true and what is printed stand apart from each other where they are words: each has its lead. What may hold
    mathematics is a block of its own: not every editor sets it within a line of HTML.
    """

    def block(name: str, text: str) -> str:
        return f'<div class="{name}">\n\n{text}\n\n</div>'

    record, refused = evidence.record, evidence.record.get("refuses", [])
    links = ", ".join(
        f'<a href="claims.html#{claim.replace(":", "-")}">{label(claim)}</a>' for claim in record["claims"]
    )
    about = " · ".join(filter(None, [record.get("case") and f"case: {record['case']}", record.get("scale")]))
    parts = [
        f'<div class="evidence {record["verdict"].replace(" ", "-")}" id="{evidence.anchor}">',
        f'<span class="verdict">{record["verdict"]}</span> {links} {record["says"]}' + (f" ({about})" if about else ""),
    ]
    if record.get("shows"):
        words, tex = sentence(record["shows"]), record["shows"]
        corrects = any(item["printed"] for item in refused)
        true = block("true", f"**True is: {words}.**") if corrects else words
        parts.append(f"$$\n{tex}\n$$" if words == f"${tex}$" else true)
    for item in refused:
        if item["printed"]:
            words = sentence(item["tex"])
            said = words if words == f"${item['tex']}$" else f"“{words}”"
            parts.append(block("printed", f"**As printed: {said}, false:** {_differs(item)}"))
    quiet = [f"*{item['wrong']}*: {_differs(item)}" for item in refused if not item["printed"]]
    words = figures(record) + (f" · refuses {'; '.join(quiet)}" if quiet else "")
    parts += [block("figures", words), "</div>"]
    return "\n\n".join(parts)


def sentence(tex: str) -> str:
    r"""Return TeX as Markdown: a formula with more than a few words in it is a sentence with symbols, which can wrap.

    Example:
        >>> print(sentence(r"\frac12\text{ if }\rho_H<1"))
        $\frac12\text{ if }\rho_H<1$
        >>> print(sentence(r"\text{larger on the harder of the tasks than }\rho_H^2"))
        larger on the harder of the tasks than $\rho_H^2$
        >>> print(sentence(r"\text{(6) and (7)}"))
        (6) and (7)
    """
    pieces = re.split(r"\\text\{([^{}]*)\}", tex)
    nested = any(piece.count("{") != piece.count("}") or piece.endswith(("_", "^")) for piece in pieces[::2])
    short = len("".join(pieces[1::2])) <= _WORDS and ", " not in pieces[1::2]
    if "".join(pieces[::2]).strip() and (short or nested or "\\begin" in tex):
        return f"${tex}$"
    pieces[::2] = [f"${piece.strip()}$" if piece.strip() else "" for piece in pieces[::2]]
    return "".join(pieces)


def digest(record: dict[str, Any]) -> str:
    """Return eight digits that follow from a record and nothing else."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:8]


def refusal(item: dict[str, Any]) -> str:
    """Return what a check refused, in words."""
    name = f"the paper's {item['tex']}" if item["printed"] else item["wrong"]
    return f"{name} [{_differs(item)}]"


def figures(record: dict[str, Any]) -> str:
    """Return the figures of an accepted check in words."""
    count = f"{record.get('instances', 0):,} instance{'' if record.get('instances') == 1 else 's'}"
    quoted = " · ".join(f"{place}: {_quoted(**said)}" for place, said in record.get("places", {}).items())
    return KINDS[record["kind"]].figures.format(**record, count=count, quoted=quoted)


def _quoted(words: str, value: str) -> str:
    """Return the words of a place, and their value where it does not stand in them."""
    return f"“{words}”" + ("" if value.strip("$") in words else f" ({value})")


def _differs(item: dict[str, Any]) -> str:
    """Return by how much a check refused something."""
    if "residual" in item:
        return f"differs {item['residual']}"
    if "error" in item:
        return str(item["error"])
    if "nearest" in item:
        return f"{item['violations']:,} of {item['instances']:,} violate it"
    if "met" in item:
        return f"{item['met']} of {item['instances']} outcomes meet the rule"
    if "violations" in item:
        return f"wrong in {item['violations']:,} of {item['instances']:,}"
    unit = " standard errors" if item.get("unit") == "standard errors" else ""
    return f"off by {item['deviation']}{unit}"
