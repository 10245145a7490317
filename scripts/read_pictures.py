"""The reading test: what do strangers read from our pictures, if they see each once and nothing else?

    python scripts/read_pictures.py make build/reading            # pictures, heat maps and questions
    python scripts/read_pictures.py score build/reading A.json …  # a table from readers' answers

A reader gets build/reading/pictures/ and questions.json, and nothing else. They look at each picture once, as
it is, and write {"scene": ["answer", …], …}. Another reader reads the heat map of the same matrix. Right
answers are computed from the data, see tests/reading/questions.py. Needs Pillow and matplotlib.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import stills
from matrix_cinema import load_package  # the script; load_package gives its name to the package
from stills import ROOT

load_package()
sys.path.insert(0, str(ROOT / "tests" / "reading"))
from questions import Question, questions  # noqa: E402
from reading_list import FILMS, PICTURES  # noqa: E402

SIZE, SAMPLES = (1280, 720), 16
MOST, MOST_OF_ONE, MOST_MATRICES = 7, 3, 3  # questions about a single matrix, about each of several; matrices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("make", "score"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("answers", nargs="*", type=Path, help="readers' answers, to score")
    parser.add_argument("--only", nargs="+", metavar="PART", help="of the names of pictures that are made")
    asked = parser.parse_args()
    if asked.what == "make":
        make(asked.folder, asked.only or [])
    else:
        print(table(asked.folder, asked.answers))


def make(folder: Path, only: list[str]) -> None:
    """Render what is shown, draw the heat map of the same matrices, and write questions and answers apart.

    `only` are parts of the names of what is made, by default all."""
    for name in ("pictures", "heatmaps"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for what, is_film in [*((one, False) for one in PICTURES), *((one, True) for one in FILMS)]:
        name = name_of(what) + "_film" * is_film
        if only and not any(part in name for part in only):
            continue
        scene = scene_of(what)
        matrices = stars_of(scene)
        each = MOST if len(matrices) == 1 else MOST_OF_ONE
        made = [one for m in matrices[:MOST_MATRICES] for one in questions(*m)[:each]]
        heat_map(matrices, folder / "heatmaps" / f"{name}.png")
        picture, (file, *options) = folder / "pictures" / f"{name}.png", what.split()
        if is_film:
            strip(scene, file, options, picture)
        else:
            stills.render(ROOT / "examples" / file, picture, SIZE, SAMPLES, *options, check=True)
        answers = [{"text": q.text, "right": q.right, "number": q.number} for q in made]
        for path, part in (("questions.json", [q.text for q in made]), ("answers.json", answers)):
            add(folder / path, name, part)
        print(f"{name}: {len(made)} questions", flush=True)


def add(path: Path, name: str, part) -> None:
    """Write one more part into a JSON file."""
    every = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(every | {name: part}, indent=1, ensure_ascii=False) + "\n")


def name_of(what: str) -> str:
    file, *options = what.split()
    words = [file.split(".")[0], *(option for option in options if not option.startswith("--"))]
    return "_".join(words).replace("/", "_").replace(".", "_")


def scene_of(what: str):
    """The description of what is shown."""
    from matrix_cinema import api

    file, *options = what.split()
    said = {key.removeprefix("--"): value for key, value in zip(options[::2], options[1::2], strict=True)}
    if "head" in said:
        said["head"] = int(said["head"])
    return api.load(ROOT / "examples" / file, **said)


def stars_of(scene) -> list[tuple[np.ndarray, list[str], list[str], str]]:
    """The matrices that a scene's picture is about: values, labels of rows and columns, and their names."""
    from matrix_cinema.attention.tokens import as_labels
    from matrix_cinema.staging.plan import plan
    from matrix_cinema.staging.writing.captions import axis_names_of, labels_of

    p = plan(scene)
    stages = [plane.stage for plane in p.arrangement.planes if p.is_star(plane.stage)]
    found = []
    for stage in {stage.name: stage for stage in stages or [p.root]}.values():
        values = np.asarray(p.evaluation[stage].final)
        names = zip(labels_of(p, stage), values.shape, strict=True)
        told = [list(as_labels(one)) or [str(n) for n in range(size)] for one, size in names]
        if axis_names_of(p, stage)[0] == "key":  # such as a softmax's column
            values, told = values.T, told[::-1]
        found.append((values, *told, stage.name))
    return found


def heat_map(matrices, path: Path) -> None:
    """What anybody would draw of the same matrices: the picture that ours has to be as good as."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(matrices), figsize=(12.8, 7.2), squeeze=False, layout="constrained")
    for axis, (values, rows, columns, name) in zip(axes[0], matrices, strict=True):
        image = axis.imshow(values, cmap="viridis" if (values >= 0).all() else "RdBu")
        axis.set_xticks(range(len(columns)), columns, rotation=90)
        axis.set_yticks(range(len(rows)), rows)
        axis.set(title=name, xlabel="key", ylabel="query")
        figure.colorbar(image, ax=axis, shrink=0.7)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def strip(scene, file: str, options: list[str], path: Path) -> None:
    """The frames of a film's storyboard, three in a row of one picture: each beat when it has been told."""
    from matrix_cinema.outputs.storyboard import told_frames
    from matrix_cinema.staging.plan import plan
    from PIL import Image

    frames = told_frames(plan(scene))
    width, height = 640, 360
    sheet = Image.new("RGB", (3 * width, -(-len(frames) // 3) * height), "white")
    with tempfile.TemporaryDirectory() as folder:
        for n, frame in enumerate(frames):
            still, where = Path(folder) / "still.png", ["--frame", frame]
            stills.render(
                ROOT / "examples" / file, still, (width, height), SAMPLES, *options, *where, check=True
            )
            sheet.paste(Image.open(still).convert("RGB"), (n % 3 * width, n // 3 * height))
    sheet.save(path)


def table(folder: Path, answers: list[Path]) -> str:
    """A table in Markdown: for each scene, how many of its questions each reader answered right."""
    right = json.loads((folder / "answers.json").read_text())
    given = {path.stem: json.loads(path.read_text()) for path in answers}
    rows = [["picture", *given], ["---"] * (len(given) + 1)]
    sums = dict.fromkeys(given, (0, 0))
    for scene, asked in right.items():
        row = [scene]
        for reader, said in given.items():
            if scene not in said:
                row.append("")
                continue
            marks = [
                Question(q["text"], tuple(q["right"]), q["number"] and tuple(q["number"])).is_right(str(a))
                for q, a in zip(asked, said[scene], strict=True)
            ]
            row.append(f"{sum(marks)} of {len(asked)}")
            sums[reader] = (sums[reader][0] + sum(marks), sums[reader][1] + len(asked))
            for q, a, ok in zip(asked, said[scene], marks, strict=True):
                if not ok:
                    print(f"{reader}, {scene}: {q['text']} {a!r}, right: {q['right']}", file=sys.stderr)
        rows.append(row)
    rows.append(["**all**", *(f"**{a} of {b}**" for a, b in sums.values())])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
