"""CSV files as matrices: any separators, headings, encodings and numbers."""

from random import Random

import odd
from case import Case

CELLS = (
    "1", "-2", "0.5", "1e-3", "+4", "1e400", "-1e-400", "nan", "inf", "-Infinity", "1,5", "1.000,5",
    "1_000", "0x10", "١", "½", "", " ", "a", "b c", "é", '"', '""', "'", "#", "-", "1;2", "\t3", "1e",
    "2024-01-01", "TRUE", "NA", "-3.4e38", "1" * 400, "\x00",
)  # fmt: skip
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1")


def make(rng: Random) -> Case:
    separator, quote = rng.choice((",", ",", ";", "\t", "|", " ", ", ")), rng.random() < 0.1
    columns, odd_cells = rng.choice((1, 2, 3, 5)), rng.choice((0.0, 0.0, 0.1, 0.5))
    rows = []
    for _ in range(rng.choice((0, 1, 2, 3, 8))):
        count = columns if rng.random() < 0.95 else rng.randrange(5)
        cells = [
            rng.choice(CELLS) if rng.random() < odd_cells else f"{rng.uniform(-9, 9):.3g}"
            for _ in range(count)
        ]
        if separator == ";" and odd_cells:
            cells = [cell.replace(".", ",") for cell in cells]
        rows.append(separator.join(f'"{cell}"' if quote else cell for cell in cells))
    if rng.random() < 0.2:
        rows.insert(0, separator.join(rng.choice(("a", "b", "query", "1", "", "é")) for _ in range(columns)))
    if rng.random() < 0.1:
        rows = [f"{rng.choice(('a', 'row', '1'))}{separator}{row}" for row in rows]
    text = rng.choice(("\n", "\n", "\r\n", "\r", "\n\n")).join(rows) + rng.choice(("", "\n"))
    data = text.encode(rng.choice(ENCODINGS), "replace")
    if rng.random() < 0.15:
        data = odd.damaged(rng, data)
    said = {"file": "a.csv"}
    if rng.random() < 0.3:
        said["decimal"] = rng.choice((".", ",", "", ";"))
    if rng.random() < 0.3:
        said["names"] = rng.choice(("columns", "rows", "both", "none", "all"))
    scene = odd.toml({"expression": "A @ A.T", "matrices": {"A": said}}, rng)
    files = {"a.csv": data, "s.toml": scene.encode()}
    return Case("tables", files, ["inspect", "s.toml"], composed=rng.random() < 0.1)
