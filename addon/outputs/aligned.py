"""Tables of text with aligned columns."""

import re
from collections.abc import Iterable, Sequence
from typing import Any


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Aligned lines; a column of numbers is set to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(_is_number(cell) for cell in column[1:]) for column in columns]
    return [
        "  ".join(
            cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in ([header, *rows] if rows else [header])
    ]


def _is_number(cell):
    return bool(re.fullmatch(r"-|[+-]?[0-9][0-9,]*(\.[0-9]+)?(e[+-]?[0-9]+)?", cell))
