"""Random trees of products, for the tests of layouts."""

from hypothesis import strategies as st

LETTERS = "abcdefghijlmnopq"


@st.composite
def trees(draw, depth=4, most=6):
    """(expression, shapes of its leaves): a random tree of products, any operand transposed,
    every dimension from 1 to `most`."""
    dimensions = st.integers(1, most)
    sizes = {}

    def grow(rows, columns, levels):
        turned = draw(st.booleans())
        rows, columns = (columns, rows) if turned else (rows, columns)
        if levels == depth or (levels and draw(st.booleans())):
            inner = draw(dimensions)
            left = grow(rows, inner, levels - 1)
            text = f"({left} @ {grow(inner, columns, levels - 1)})"
        else:
            text = LETTERS[len(sizes)]
            sizes[text] = (rows, columns)
        return f"{text}.T" if turned and levels != depth else text

    return grow(draw(dimensions), draw(dimensions), depth), sizes
