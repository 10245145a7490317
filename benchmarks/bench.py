"""The benchmarks: one table, every row a ratio whose two sides were measured in the same run.

    python benchmarks/bench.py [--quick] [--keep]

Each measurement is a process of its own (`measure.py`). Prints the table and writes it as JSON and a plot
into build/bench/; with `--keep` also into docs/performance.md, docs/performance.json and .svg. Takes
about 5 minutes on two quiet cores and 11 GB of memory, `--quick` one minute and 2 GB.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from math import log
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = "examples/article/14_attention_head.toml"
GROWTH = ("64x64x64", "128x128x128", "256x64x256", "512x64x512", "1024x64x1024")
BEGIN, END = "<!-- the table of make bench -->\n", "<!-- its end -->\n"


@dataclass(frozen=True)
class Row:
    """Ours beside its baseline, both in `unit`; the ratio is ours to the baseline's."""

    what: str
    unit: str
    ours: float
    baseline: str
    theirs: float
    wanted: str = ""

    @property
    def ratio(self):
        return self.ours / self.theirs if self.theirs else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--keep", action="store_true", help="write the table into docs/ too")
    options = parser.parse_args()
    start = time.perf_counter()
    rows, growth = measured(options.quick)
    results = {
        "machine": {"cores": cores(), "processor": processor(), "system": platform.platform()},
        "blender": growth[0]["blender"],
        "quick": options.quick,
        "seconds": time.perf_counter() - start,
        "rows": [asdict(row) | {"ratio": row.ratio} for row in rows],
        "growth": growth,
    }
    table = "\n".join(lines(rows))
    print(f"\n{table}\n\n{len(rows)} rows in {results['seconds']:.0f} s")
    folders = [ROOT / "build" / "bench"] + ([ROOT / "docs"] if options.keep else [])
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "performance.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        plot(growth, folder / "performance.svg")
    if options.keep:
        keep(table, results)


def measured(quick):
    """All rows, and the measurements of growth."""
    rows, growth = [], []
    largest = GROWTH[2] if quick else GROWTH[4]
    for shape in ("8x8x8", "16x16x16") if quick else ("16x16x16", "32x16x32"):
        own = seconds(measure("ours", shape))
        for way, baseline in (
            ("objects", "an object for each product, keyframed"),
            ("pydata", "from_pydata, each point keyframed"),
        ):
            rows.append(Row(f"build {shape}", "s", own, baseline, seconds(measure(way, shape))))
    for shape in GROWTH[: GROWTH.index(largest) + 1]:
        own, bare = measure("ours", shape), measure("points", shape)
        growth.append(own | {"shape": shape, "products": products(shape), "bare": bare})
        name, baseline = f"products of {shape}", "foreach_set of as many points"
        rows.append(Row(name, "s", own["evaluate"], baseline, bare["draw"]))
        rows.append(Row(name, "GB", own["memory"] / 1e9, baseline, bare["memory"] / 1e9))
    for what, key in (("time", lambda g: g["draw"] + g["evaluate"]), ("memory", lambda g: g["memory"])):
        rows.append(Row(f"growth of {what}, exponent", "", exponent(growth, key), "products", 1.0, "≤ 1.05"))
    entries = "2048x2048x2048" if quick else "4096x4096x4096"
    own = measure("copy", entries)
    name = f"two matrices of {entries.split('x')[0]}²"
    rows.append(Row(name, "s", own["draw"], "copying their bytes", own["baseline"], "≤ 3"))

    for shape, algorithm in ((largest, "vvprod"), (largest, "vmprod"), (largest, "axpy")):
        own = measure("steps", shape, algorithm)
        name = f"step of {shape}, {algorithm}"
        rows.append(Row(name, "ms", own["random"], "NumPy, the same sums", own["numpy random"], "< 150 ms"))
        rows.append(Row(f"{name}, at random", "ms", own["random"], "the next step", own["next"], "1"))
    own = measure("head", HEAD)
    name = "GPT-2's head, built"
    rows.append(Row(name, "s", seconds(own), "NumPy, its six products", own["numpy"], "< 2 s"))
    for name in ("out",) if quick else ("out", "Q", "attn"):
        own = measure("steps", HEAD, "-", "1", name)
        wanted = "< 100 ms" if name == "out" else ""
        what = f"GPT-2's head, step of {name}"
        rows.append(Row(what, "ms", own["random"], "NumPy, the same sums", own["numpy random"], wanted))

    own = measure("play", HEAD)
    name, baseline = "GPT-2's head, a frame as it plays", "all matrices drawn anew"
    rows.append(Row(name, "ms", own["median"], baseline, own["anew"], "< 100 ms"))

    own = measure("sliders", str(ROOT / "examples" / "attention_head.toml"))
    for what in ("size", "material", "lamps", "exposure", "colour map"):
        baseline = "building it anew"
        rows.append(Row(f"change of {what}, live", "ms", own[what], baseline, 1e3 * own["build"], "< 50 ms"))

    for what, path in (
        ("the example", str(ROOT / "examples" / "attention_head.toml")),
        ("GPT-2's head", HEAD),
    ):
        own = measure("film_anew", path)
        for change in ("speed",) if quick else ("speed", "view", "lens"):
            name, built = f"change of {change}, {what}, processor", own[f"{change} built"]
            rows.append(Row(name, "ms", own[change], "building it anew", built, "≤ 1"))

    own = measure("film", str(ROOT / "examples" / "attention_head.toml"), "2" if quick else "8")
    for what in ("clock", "processor"):
        frame = Row(
            f"frame of a film, {what}",
            "s",
            own[f"ours {what}"],
            "a plain loop",
            own[f"plain {what}"],
            "≤ 1.05",
        )
        rows.append(frame)

    rows += recording(quick)
    own = growth[-1]
    rows.append(
        Row(
            f".blend of {largest}",
            "MB",
            own["blend"] / 1e6,
            "its matrices",
            own["inputs"] / 1e6,
            "≤ 1.2 × + 1 MB",
        )
    )
    whole = measure("frame", largest)
    masked = measure("frame", largest, "masked")
    with tempfile.TemporaryDirectory() as folder:
        measure("cloud", largest, "", folder)
        bare = measure("frame", largest, "", folder)
    name = f"frame of {largest}"
    rows.append(Row(name, "s", whole["seconds"], "the bare point cloud", bare["seconds"], "≤ 1.15"))
    rows.append(Row(name, "GB", whole["memory"] / 1e9, "the bare point cloud", bare["memory"] / 1e9, "≤ 1.1"))
    rows.append(Row(f"{name}, causal", "s", masked["seconds"], "all products", whole["seconds"], "near ½"))
    rows.append(
        Row(f"{name}, causal", "GB", masked["memory"] / 1e9, "all products", whole["memory"] / 1e9, "near ½")
    )
    return rows, growth


def recording(quick):
    """The rows of recording a model's attention; none where torch or transformers is not installed."""
    if find_spec("torch") is None or find_spec("transformers") is None:
        print("no rows of recording: pip install matrix-cinema[capture]")
        return []
    rows, name = [], "measure_capture.py"
    for width in ("768", "384"):
        for implementation in ("sdpa", "eager"):
            for layers, wanted in (("1", "≤ 1.5"), ("12", "≤ 2")):
                own = measure(implementation, layers, "512", "5", width, script=name)
                what = f"BERT of width {width} recorded, {implementation}, {layers} of 12 layers, 512 tokens"
                rows.append(Row(what, "s", own["recorded"], "the model alone", own["alone"], wanted))
    return rows + memory_of_recording(quick)


def memory_of_recording(quick):
    """The rows of what recording adds to a model's own peak of memory, and how that grows."""
    rows, kept = [], {}
    lengths = (256, 512, 1024) if quick else (256, 512, 1024, 2048)
    for implementation in ("sdpa", "eager"):
        added = {"1": [], "12": []}
        for tokens in lengths:
            alone, *recorded = (
                measure(implementation, layers, str(tokens), "0", script="measure_capture.py")
                for layers in ("0", *added)
            )
            for layers, own in zip(added, recorded, strict=True):
                more, kept[tokens] = own["memory"] - alone["memory"], own["kept"]
                added[layers].append(more)
                what = f"recording adds, {implementation}, {layers} of 12 layers, {tokens} tokens"
                rows.append(Row(what, "GB", more / 1e9, "the model alone", alone["memory"] / 1e9))
        for layers, each in added.items():
            grown = log(each[-1] / each[1]) / log(lengths[-1] / lengths[1])
            what = f"growth of what it adds, {implementation}, {layers} of 12 layers, exponent"
            rows.append(Row(what, "", grown, "tokens", 1.0, "≤ 1.1"))
    grown = log(kept[lengths[-1]] / kept[512]) / log(lengths[-1] / 512)
    rows.append(Row("growth of what is kept of a layer, exponent", "", grown, "tokens", 1.0, "1"))
    return rows


def measure(*arguments, script="measure.py"):
    """A measurement by a process of its own."""
    command = [sys.executable, str(ROOT / "benchmarks" / script), *arguments]
    print(" ".join(arguments), end=" … ", flush=True)
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    print(f"{time.perf_counter() - start:.1f} s", flush=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def seconds(found):
    return found.get("plan", 0.0) + found["draw"] + found["evaluate"]


def products(shape):
    rows, inner, columns = map(int, shape.split("x"))
    return rows * inner * columns


def exponent(growth, key):
    """The slope of log(key) over log(products), by least squares."""
    points = [(log(g["products"]), log(key(g))) for g in growth]
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def lines(rows):
    """The table in Markdown."""
    yield "| measured | ours | baseline | its | ratio | wanted |"
    yield "|---|---:|---|---:|---:|---|"
    for row in rows:
        ours, theirs = (f"{value:.3g} {row.unit}".strip() for value in (row.ours, row.theirs))
        yield f"| {row.what} | {ours} | {row.baseline} | {theirs} | {row.ratio:.3g} | {row.wanted} |"


def plot(growth, path):
    """Time and memory over the number of products, ours and bare points, as an SVG where matplotlib is."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: pip install matplotlib")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), constrained_layout=True)
    x = [g["products"] for g in growth]
    for ax, title, own, bare in (
        (
            axes[0],
            "build and evaluate, seconds",
            [g["draw"] + g["evaluate"] for g in growth],
            [g["bare"]["draw"] for g in growth],
        ),
        (
            axes[1],
            "memory, GB",
            [g["memory"] / 1e9 for g in growth],
            [g["bare"]["memory"] / 1e9 for g in growth],
        ),
    ):
        ax.loglog(x, own, "o-", label="Matrix Cinema")
        ax.loglog(x, bare, "s--", color="0.5", label="bare points, foreach_set")
        ax.set(title=title, xlabel="products")
        ax.grid(alpha=0.3)
    axes[0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def keep(table, results):
    """Put the table into docs/performance.md, between its marks."""
    path = ROOT / "docs" / "performance.md"
    text = path.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    machine = f"{results['machine']['processor']}, {results['machine']['cores']} cores"
    note = f"Blender {results['blender']}, {machine}{', small sizes only' if results['quick'] else ''}.\n\n"
    path.write_text(before + note + table + "\n" + after, encoding="utf-8")


def cores():
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def processor():
    """The processor's name, as far as the system tells it."""
    try:
        with open("/proc/cpuinfo") as text:
            names = [line.split(":", 1)[1].strip() for line in text if line.startswith("model name")]
        return names[0] if names else platform.machine()
    except OSError:
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
