"""Draws docs/rooms.svg: the rooms of the package, each of which knows only those below it. Needs
matplotlib."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

ROOT = Path(__file__).resolve().parent.parent
# From the top: the name of a floor, its colour, and its rooms with what they do.
FLOORS = (
    ("doors", "#dfe7f3", "cli: the command line", "ui: Blender's side panel", "Python: import matrix_cinema"),
    ("jobs", "#c9d8ee", "api: a function for each job"),
    ("files", "#f3e3c9", "outputs: stills, frames, films, figures"),
    ("Blender", "#f6d6b8", "blender: a drawing becomes a scene, and is read back"),
    ("decisions", "#d7ead7", "picture: camera, writing, light", "staging: layout, timing, scales, plan"),
    ("numbers", "#e2eed2", "look: colours, styles", "algebra: expression to values", "kinds: what is drawn"),
    ("inputs", "#ece5f3", "capture: torch model to file", "description: what is asked for",
     "formats: files, arrays", "attention: its mathematics"),
)  # fmt: skip
WIDTH, HEIGHT, GAP = 9.0, 0.62, 0.12


def main():
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "rooms", "font.family": "sans-serif"})
    figure, axes = pyplot.subplots(figsize=(WIDTH + 1.2, len(FLOORS) * (HEIGHT + GAP) + 0.1))
    for n, (floor, color, *rooms) in enumerate(FLOORS):
        y = (len(FLOORS) - 1 - n) * (HEIGHT + GAP)
        axes.text(-0.1, y + HEIGHT / 2, floor, ha="right", va="center", color="#777777", fontsize=9)
        each = (WIDTH + GAP) / len(rooms)
        for k, room in enumerate(rooms):
            name, _, about = room.partition(": ")
            box = pyplot.Rectangle((k * each, y), each - GAP, HEIGHT, facecolor=color, edgecolor="#555555")
            axes.add_patch(box)
            middle = k * each + (each - GAP) / 2
            axes.text(middle, y + 0.40, name, ha="center", va="center", fontsize=11, fontweight="bold")
            axes.text(middle, y + 0.18, about, ha="center", va="center", fontsize=8, color="#333333")
    axes.set_xlim(-1.1, WIDTH + 0.05)
    axes.set_ylim(-0.05, len(FLOORS) * (HEIGHT + GAP))
    axes.axis("off")
    figure.subplots_adjust(0, 0, 1, 1)
    figure.savefig(ROOT / "docs" / "rooms.svg", metadata={"Date": None}, facecolor="white")
    return figure


if __name__ == "__main__":
    main()
