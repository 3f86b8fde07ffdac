"""Write the picture of the README from a figure of the book: `python -m tools.picture`."""

import base64
import io
import json
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "book" / "01_learning_to_adapt.ipynb"
FIGURE = "fig-before-after"
PICTURE = ROOT / "book" / "_static" / "before-after.png"


def figure_on_white(notebook: Path, name: str) -> Image.Image:
    """Return the figure called `name` of an executed notebook; it stands on white."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") == name:
            data = next(output["data"]["image/png"] for output in cell["outputs"] if "image/png" in output["data"])
            return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
    raise ValueError(f"name must be a figure of {notebook.name}; got {name!r}")


if __name__ == "__main__":
    beside = PICTURE.with_suffix(".part")
    figure_on_white(NOTEBOOK, FIGURE).save(beside, format="PNG", optimize=True)
    beside.replace(PICTURE)
