"""Random expressions with sheets in them: sums, gates, biases and functions between products."""

from hypothesis import strategies as st

LETTERS = "abcdefghijlmnopqrstuvwxyz"


@st.composite
def trees(draw, depth=3):
    """(expression, shapes of its leaves): products, sums, gates, biases and functions, some transposed."""
    sizes = {}

    def leaf(rows, columns):
        name = LETTERS[len(sizes)]
        sizes[name] = (rows, columns)
        return name

    def grow(rows, columns, levels):
        if levels == 0:
            return leaf(rows, columns)
        kind = draw(st.sampled_from(["@", "@", "+", "bias", "scale", "relu", "T", "leaf"]))
        if kind == "@":
            inner = draw(st.integers(1, 5))
            return f"({grow(rows, inner, levels - 1)} @ {grow(inner, columns, levels - 1)})"
        if kind == "+":
            return f"({grow(rows, columns, levels - 1)} + {grow(rows, columns, levels - 1)})"
        if kind == "bias":
            return f"({grow(rows, columns, levels - 1)} - {leaf(1, columns)})"
        if kind == "scale":
            return f"({leaf(rows, 1)} * {grow(rows, columns, levels - 1)})"
        if kind == "relu":
            return f"relu({grow(rows, columns, levels - 1)})"
        return leaf(rows, columns) if kind == "leaf" else f"{grow(columns, rows, levels - 1)}.T"

    text = f"({grow(draw(st.integers(1, 5)), draw(st.integers(1, 5)), depth)}) + {leaf(1, 1)}"
    return text, sizes
