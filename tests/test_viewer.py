"""The figure that moves: its data are those of the maps, and bad input is named."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import numpy as np
import pytest

from paperlib import viewer

MAPS = np.geomspace(1e-2, 1e2, 18).reshape(2, 3, 3)
FRAME = viewer.Frame("one", MAPS, [(0.5, -0.25, "hard"), (0.0, 0.0, "MAML")], "a < b </script>")
GOOD: dict[str, Any] = {
    "name": "test",
    "names": ("left", "right"),
    "frames": [FRAME],
    "window": 2.0,
    "span": (0.1, 100.0),
    "ticks": (1, 10),
}


def data(page: str) -> dict[str, Any]:
    found = re.search(r"const data = (\{.*\});", page)
    assert found is not None
    return dict(json.loads(found[1]))


def test_levels_are_the_logarithms_of_the_values_within_the_span() -> None:
    found = data(viewer.landscapes(**GOOD).data)
    levels = np.frombuffer(base64.b64decode(found["levels"]), np.uint8).reshape(2, 3, 3)
    values = 10.0 ** (levels / found["steps"] + found["lowest"])
    np.testing.assert_allclose(values, np.clip(MAPS, 0.1, 100.0), rtol=0.02)
    assert found["frames"][0]["marks"] == [[0.5, -0.25, "hard"], [0.0, 0.0, "MAML"]]


def test_rounding_errors_do_not_show() -> None:
    shaken = viewer.Frame(FRAME.label, MAPS * (1 + 1e-12), FRAME.marks, FRAME.text)
    assert viewer.landscapes(**GOOD).data == viewer.landscapes(**(GOOD | {"frames": [shaken]})).data


def test_the_page_is_whole_and_asks_nobody() -> None:
    page = viewer.landscapes(**GOOD).data
    assert "@" not in page and page.count("</script>") == 1
    assert "http" not in page and "import(" not in page and "fetch" not in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": []}, "frames must have 4 dimensions"),
        ({"frames": [viewer.Frame("x", np.ones((2, 3, 4)), [], "")]}, r"frames must hold maps of shape \(2, n, n\)"),
        ({"span": (1.0, 0.5)}, "span must rise by a factor of at most 10,000"),
        ({"span": (0.0, 0.5)}, "span must be finite and greater than 0"),
        ({"start": 1}, "start must be 0 to 0; got 1"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        viewer.landscapes(**(GOOD | change))
