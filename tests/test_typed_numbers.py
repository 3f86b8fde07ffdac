"""Numbers that stand in a chapter's prose and tables are those that the library computes."""

import re
from pathlib import Path

import numpy as np

from paperlib import linear, networks
from paperlib.environments import TaskEnvironment
from tools.chapters import BOOK, chapters, read_notebook, read_script
from tools.inspection import texts

DIM, M, HARD, EASY, R = 10, 500, 0.1, 0.9, 3.44
U = HARD / EASY


def prose(chapter: str) -> str:
    """Return the markdown of a chapter, without line breaks inside paragraphs."""
    (found,) = chapters(Path(BOOK), [chapter])
    cells = read_script(found).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def table(text: str, corner: str) -> list[list[str]]:
    """Return the rows of the table whose first header is given, without header and rule."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(corner)) + 2
    rows = [line for line in lines[start : start + 20] if line.startswith("|")]
    return [[entry.strip() for entry in row.strip("|").split("|")] for row in rows]


def risks(env: TaskEnvironment, alpha: float = 1 / EASY, m: int = M) -> tuple[float, float]:
    starts = linear.erm_solution(env), linear.maml_solution(env, alpha, m)
    erm, maml = (linear.risk_above_floor(env, w, alpha, m) for w in starts)
    return erm, maml


def clouds(distance: float, hard: float, easy: float, u: float = U) -> TaskEnvironment:
    return TaskEnvironment.hard_easy(DIM, EASY * u, EASY, distance, hard, easy)


def gain(env: TaskEnvironment) -> float:
    erm, maml = risks(env)
    return erm / maml


def test_the_four_environments_of_chapter_4() -> None:
    four = [clouds(R, 1, 1, u=1), clouds(R / np.sqrt(12), 1, 1), clouds(R, 12, 1), clouds(R, 1, 1)]
    expected = []
    for name, env in zip("abcd", four, strict=True):
        (erm, maml), quotient = risks(env), env.means[0, 0] ** 2 / env.spreads[0, 0, 0]
        by_12 = "–" if name == "a" else f"{1 + quotient:.2f}"
        numbers = [f"{quotient:.2f}", f"{erm:.4f}", f"{maml:.4f}", f"{abs(erm - maml):.3f}", f"{erm / maml:.2f}"]
        expected.append([f"({name})", *numbers, by_12])
    assert table(prose("04"), "| | $R^2/r_H$") == expected


def test_where_the_ten_goes_in_chapter_4() -> None:
    a_hard, a_easy = linear.adapted_covariance(clouds(1, 0, 0).covariances, 1 / EASY, M)[:, 0, 0]
    h, distance, hard, easy = a_hard / a_easy, 1.0, 0.1, 2.0
    spread = hard + easy / h
    saturation = (1 + h) * spread / (distance**2 + (1 + h) * spread)
    factors = np.array([1 / (1 + U) ** 2, (h - U) ** 2 / (h**2 + h), hard / spread, saturation])
    rows = table(prose("04"), "| factor |")
    assert [row[2] for row in rows] == [f"{factor:.2f}" for factor in factors]
    assert [row[3] for row in rows] == [f"{left:.2f}" for left in 10 * np.cumprod(factors)]
    assert np.isclose(1 + 10 * np.prod(factors), gain(clouds(distance, hard, easy)), rtol=1e-12)


def test_numbers_in_the_sentences_of_chapter_4() -> None:
    text = prose("04")
    scattered = [f"{gain(clouds(R, 1, easy)):.2f}" for easy in (0, 1, 10, 100)]
    assert "the gain is {}, {}, {} and {}.".format(*scattered) in text
    assert f"the printed gain is 11. It is {gain(clouds(1, 0.1, 2)):.2f}." in text
    assert f"the ceiling at this step is {gain(clouds(1, 0, 0)):.2f}." in text
    for u, stated in ((1 / 9, "11.8"), (1 / 5, "9.0")):  # R²/r_H of a gain of 3, to the digits given
        low, high = (gain(clouds(np.sqrt(float(stated) + by), 1, 1, u)) for by in (-0.05, 0.05))
        assert low < 3 < high and re.search(rf"{re.escape(stated)}\$? at \$u=", text)
    packed = TaskEnvironment.hard_easy(DIM, 0.5, 1.0, 1.0, 2.0, 0.02)
    at_hard, at_easy = (risks(packed, alpha, 2000)[1] for alpha in (2.0, 1.0))
    assert f"MAML's risk is {at_hard:.3f} there, against {at_easy:.3f} at" in text
    best = np.sqrt(5) - 2
    assert f"{best:.3f} and {best * (1 - best) ** 2 / (1 + best) ** 2:.3f}" in text


def test_the_crosses_on_the_map_of_chapter_4() -> None:
    (chapter,) = chapters(Path(BOOK), ["04"])
    code = "\n".join(cell.source for cell in read_script(chapter).cells if cell.cell_type == "code")
    marked = {name: float(place) for name, place in re.findall(r'\("(\d\w)", ([\d.]+), ', code)}
    a_hard, a_easy = linear.adapted_covariance(clouds(1, 0, 0).covariances, 1 / EASY, M)[:, 0, 0]
    places = {"1c": (R, 12, 1), "1d": (R, 1, 1), "3c": (1, 0.1, 2)}
    found = {name: r**2 / (hard + easy * a_easy / a_hard) for name, (r, hard, easy) in places.items()}
    assert marked == {name: float(f"{place:.3g}") for name, place in found.items()}


def test_the_circle_of_figure_4_is_lower_than_the_hollow_at_the_hard_neuron_of_chapter_8() -> None:
    """On draws that found neither place: a search on few draws may end in either."""
    (found,) = chapters(Path(BOOK), ["08"])
    told = "\n".join(text for cell in read_notebook(found).cells for text in texts(cell.get("outputs", [])))
    circle = float(re.search(r"and MAML at \$(-?[\d.]+)\$", told)[1])
    corners = 1.4 * np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    variances = np.array([0.5, 1.0, 1.0, 1.0])[:, None, None] * np.eye(2)
    tasks = networks.Tasks(np.full(4, 0.25), corners[..., None], variances)
    hollow = networks.maml_solution("softplus", tasks, 4.0, np.ones((2, 1)))
    places = np.stack([np.full((2, 1), circle), hollow])
    drawn = (4.0, 250, 600, np.random.default_rng(8))
    losses = networks.sampled_post_adaptation_risk("softplus", tasks, places, *drawn)
    worse = losses[:, 1] - losses[:, 0]
    assert 1.0 < hollow.mean() < 1.1 and worse.mean() > 5 * worse.std() / np.sqrt(600)


# Numbers of three digits or more in the prose of any chapter.
LONG = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+\.\d+|\d{3,})(?!\w|\.\d)")
ANY = re.compile(r"\d[\d_,]*\.?\d*")
ASIDE = re.compile(
    r"^>.*$|§\d+\.\d|\{[a-z:]+\}`[^`]*`|\]\([^)]*\)|\[\[?[^\]]*\d{4}[^\]]*\]|^\([\w-]+\)=$", re.MULTILINE
)
LINK = re.compile(r"\]\((\d\d_\w+)|\]\(#([\w-]+)\)")
# Sizes of downloads; years; a list; arithmetic beside its number; what the rules say of a former run.
OTHERWISE = {
    "06_logistic": {"100500"},
    "09_omniglot": {"61.0"},
    "10_cifar": {"169"},
    "16_trained_solutions": {"0.0011"},
    "21_logistic": {"10000"},
    "28_lemmas_3_and_4": {"945", "630"},
    "29_omniglot": {"2017", "80000"},
    "30_cifar": {"2018"},
}


def bare(number: str) -> str:
    return re.sub("[,_]", "", number)


def untold(prose: str, known: set[str]) -> list[str]:
    """Return the long numbers of a text that are not known."""
    text = ASIDE.sub("", prose.replace("{,}", ",").replace("\\,", ","))
    return [number for number in LONG.findall(text) if bare(number) not in known]


def test_a_number_that_nothing_printed_is_found() -> None:
    prose = "In §3.1 it is $1\\,780$, and {eq}`in-500` 6.46.\n> **The paper** 7.77"
    assert untold(prose, {"1780", "6.46"}) == [] and untold(prose, {"1798"}) == ["1,780", "6.46"]


def test_a_long_number_in_prose_stands_in_the_code_or_an_output_of_its_page_or_of_one_that_it_links_to() -> None:
    """Where else would it come from? In chapter 3 for example from assertions of its page line by line."""
    pages = {chapter.stem: read_notebook(chapter).cells for chapter in chapters(Path(BOOK))}
    words = {stem: [c.source for c in cells if c.cell_type == "markdown"] for stem, cells in pages.items()}
    home = {label: stem for stem in words for label in re.findall(r"^\(([\w-]+)\)=$", "\n".join(words[stem]), re.M)}
    code = {
        stem: {
            bare(number)
            for cell in cells
            if cell.cell_type == "code"
            for text in (cell.source, *texts([output for output in cell.outputs]))
            for number in ANY.findall(text)
        }
        for stem, cells in pages.items()
    }
    missing = []
    for stem, cells in words.items():
        links = {page or home.get(label, "") for page, label in LINK.findall("\n".join(cells))}
        known = set().union(*(code.get(page, set()) for page in links | {stem})) | OTHERWISE.get(stem, set())
        for cell in cells:
            missing += [f"{stem}: {number}" for number in untold(cell, known)]
    assert [one for one in missing if not one.startswith("04_")] == []  # chapter 4: the tests above
