"""Renders the gallery: docs/gallery/*.jpg from scenes of examples/, and docs/gallery.md, which shows them.

    python scripts/make_gallery.py [NAME...]

It renders the named pictures, by default all. A picture takes some minutes on two cores, and seconds on a
card. The page is written from the list below. Development only (needs Pillow).
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import stills
from stills import ROOT

PAGE, FOLDER = ROOT / "docs" / "gallery.md", ROOT / "docs" / "gallery"
SIZE, SAMPLES = (960, 540), 64
SHOWPIECE = {"size": (1920, 1080), "samples": 256}


@dataclass(frozen=True)
class Picture:
    """A still: of which scene under examples/, with which further options, and what it shows."""

    scene: str
    options: str
    words: str
    size: tuple[int, int] = SIZE
    samples: int = SAMPLES

    @property
    def name(self):
        style = self.options.split("--style ")[-1].split()[0] if "--style" in self.options else ""
        return "_".join(filter(None, [Path(self.scene).name, style]))

    @property
    def command(self):
        words = ["matrix-cinema render", f"examples/{self.scene}.toml", self.options]
        size = f"{self.size[0]}x{self.size[1]}"
        return " ".join(filter(None, [*words, f"--size {size} --samples {self.samples} -o {self.name}.png"]))


PICTURES = (
    Picture("attention_head", "", "The head in which “it” finds “animal”: every weight, to be read."),
    Picture("textbook/01_two_by_three", "", "A product to compute along with: one row, one column."),
    Picture("textbook/05_outer_product", "--style paper", "A column times a row, for a page."),
    Picture("article/01_matmul_in_3d", "--style glow", "All products of a matmul, as light on black."),
    Picture("article/01_matmul_in_3d", "--style glass", "The same products, of glass between solid faces."),
    Picture("article/01_matmul_in_3d", "--style mm", "The same in the look of mm, where it all began."),
    Picture(
        "attention/01_scores", "--style print", "A head that looks one token back, in two inks, for print."
    ),
    Picture("attention/05_induction", "", "An induction head of a small model: the stripe is the copy."),
    Picture(
        "attention/06_grouped_query",
        "",
        "Grouped queries: two heads, and between them the K and V that both read.",
    ),
    Picture("attention/03_softmax", "", "From scores to weights: the row of “it”, every number in sight."),
    Picture("heads/minilm_layer", "", "Three heads of one layer side by side, reading the same sentence."),
    Picture("chains/binary_tree", "", "A tree of seven products: each feeds the next."),
    Picture("chains/feed_forward", "--style studio_light", "A gated feed-forward layer, with its sums."),
    Picture("showpieces/01_the_front", "", "A head gathers its values, at night.", **SHOWPIECE),
    Picture("showpieces/02_crystal", "", "All products of queries and keys, of coloured glass.", **SHOWPIECE),
)


def main():
    asked = sys.argv[1:] or [picture.name for picture in PICTURES]
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        if picture.name in asked:
            render(picture)
    PAGE.write_text(page(), encoding="utf-8")


def render(picture):
    """Render a picture and store it."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        still, path = Path(folder) / "still.png", FOLDER / f"{picture.name}.jpg"
        scene = f"examples/{picture.scene}.toml"
        stills.render(scene, still, picture.size, picture.samples, *picture.options.split(), check=True)
        stills.save(Image.open(still).convert("RGB"), path)
    print(f"{path.name}: {path.stat().st_size // 1000} kB", flush=True)


def page():
    """docs/gallery.md: every picture with its words and its command."""
    parts = [
        "# Gallery",
        "Stills of scenes in `examples/`, each with its command. `scripts/make_gallery.py` makes them all, "
        "and this page.",
    ]
    for picture in PICTURES:
        parts += [f"![{picture.words}](gallery/{picture.name}.jpg)", picture.words, f"    {picture.command}"]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
