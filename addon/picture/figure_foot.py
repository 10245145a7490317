"""The text over and under the panels of a figure: title, formula, legend and notes. Lengths are points."""

from collections.abc import Collection, Sequence

from ..attention.tokens import as_labels
from ..errors import InputError
from ..kinds.places import Plane
from ..kinds.stage import stages_of
from ..staging.plan import Plan
from ..staging.pooling import Pool
from ..staging.spotlight import Lit
from ..staging.writing import captions
from ..staging.writing.items import Item, Text, moved
from ..staging.writing.legend import LegendBar, legend_of
from ..staging.writing.legend_blocks import LegendForm, bar_block, stand_in_rows
from ..staging.writing.statements import formula_of
from ..staging.writing.typesetter import JOINED, in_rows
from .figure_type import ASCENT, BOLDER, DESCENT, PAGE_EDGE, PAGE_POOL_WORDS, PageType

PANEL_GAP = 9.0  # between the blocks of the legend
BAR_LENGTHS = (80.0, 70.0, 60.0, 45.0, 32.0)  # shorter where all then fit in a line, or fit at all
PAGE_LEADING = 1.15  # from one line of type to the next, of its size
ABOVE_LEGEND, ABOVE_NOTES = 3.0, 3.0
STATEMENTS_APART = "    "  # the statements of a formula
MOST_LISTED = 4  # names of matrices that a note lists

Stack = tuple[list[Item], float]  # items over their lower left corner, and their height


def head(p: Plan, type: PageType, width: float, *, title: bool, told: bool) -> Stack:
    """The text over a figure: the `title` of its scene if it is asked for and, if `told`, the scene's caption
    and the drawn formula."""
    lines: list[list[Text]] = []
    if title:
        large = type.size + 1
        lines += [
            [type.line(line, PAGE_EDGE, 0.0, large, bold=True)]
            for line in type.wrapped(p.scene.title, large, (width - 2 * PAGE_EDGE) / BOLDER)
        ]
    if told:
        formula = [] if "=" in p.scene.caption else _formula(p, type)
        caption = type.balanced(p.scene.caption, type.small, width - 2 * PAGE_EDGE)
        own = [type.line(line, PAGE_EDGE, 0.0, type.small, soft=True, kind="caption") for line in caption]
        wide = _width(formula)
        if len(own) == 1 and formula and wide + own[0].width + PANEL_GAP <= width - 2 * PAGE_EDGE:
            lines.append(
                [*own, *(moved(text, PAGE_EDGE + own[0].width + PANEL_GAP, 0.0) for text in formula)]
            )
        else:
            lines += [[line] for line in own]
            if formula and wide <= width - 2 * PAGE_EDGE:
                lines.append([moved(text, PAGE_EDGE, 0.0) for text in formula])
    return _stacked(lines, 0.5 * type.size)


def _width(items: Sequence[Item]) -> float:
    return max((item.box[2] for item in items), default=0.0)


def _formula(p: Plan, type: PageType) -> list[Text]:
    """The statements that are drawn, in a line from (0, 0) on."""
    line: list[Text] = []
    x = 0.0
    for n, statement in enumerate(formula_of(p)):
        x += type.width(STATEMENTS_APART, type.size) if n else 0.0
        for part in statement.parts:
            size, y = part.script.size * type.size, part.script.raised * type.size
            line.append(type.line(part.text, x, y, size, kind="formula", barred=part.script.barred))
            x += line[-1].width
    return line


def foot(plans: Sequence[Plan], notes: Sequence[str], type: PageType, width: float, raw: bool) -> Stack:
    """The legend of these plans, also for values before epilogues if some are still `raw`. Under it are
    sentences about the ends of its bars, and the notes."""
    bars, ends = _bars(plans, raw, type)
    under, height = sentences([*ends, *notes], type, width)
    legend, tall = _legend(bars, type, width - 2 * PAGE_EDGE)
    left = 0.5 * (width - _width(legend))
    height += ABOVE_NOTES if under and legend else 0.0
    return [*under, *(moved(item, left, height) for item in legend)], height + tall


def split_foot(
    plans: Sequence[Plan], notes: Sequence[str], type: PageType, width: float, raw: bool, beside: float
) -> tuple[Stack, Stack] | None:
    """(the legend for a column of the width `beside`, the sentences that `foot` has under it); None if the
    column is too narrow."""
    bars, ends = _bars(plans, raw, type)
    try:
        legend, tall = _legend(bars, type, beside)
    except InputError:
        return None
    return (legend, tall), sentences([*ends, *notes], type, width)


def sentences(notes: Sequence[str], type: PageType, width: float) -> Stack:
    """Notes as one paragraph of sentences in the middle of this width, in lines of about the same length."""
    text = " ".join(f"{note[0].upper()}{note[1:]}." for note in notes)
    lines = type.balanced(text, type.small, width - 2 * PAGE_EDGE)
    middle = 0.5 * width
    return _stacked(
        [[type.line(line, middle, 0.0, type.small, "CENTER", soft=True, kind="note")] for line in lines],
        PAGE_EDGE,
    )


def _bars(plans: Sequence[Plan], raw: bool, type: PageType) -> tuple[list[LegendBar], list[str]]:
    """(one bar for each colour map of the plans, sentences about the ends of bars that do not show them)."""
    rows: dict[tuple[str, str], dict] = {}  # (colour map, title) -> {row: None}
    shown = [bar for p in plans if p.scene.look.legend for bar in legend_of(p, raw=raw, brief=False)]
    for bar in shown:
        rows.setdefault((bar.color_map, bar.title), {}).update(dict.fromkeys(bar.rows))
    bars: list[LegendBar] = []
    ends: list[str] = []
    for (color_map, title), of in rows.items():
        own, names = list(of), [name for name, _ in of]
        if len(own) == 1 and type.width(f"{title}: {names[0]}", type.small) <= BAR_LENGTHS[0]:
            own, title = [("", numbers) for _, numbers in own], f"{title}: {names[0]}"
        elif len(own) == 1:
            own, ends = [("", numbers) for _, numbers in own], [*ends, names[0].replace(" · ", ", ")]
        bars.append(LegendBar(color_map, title, tuple(own)))
    if bars and any(p.scene.look.min_size < 1.0 for p in plans):
        ends = ["; ".join(["size shows the magnitude too", *ends])]
    return bars, ends


def _legend(bars: Sequence[LegendBar], type: PageType, width: float) -> Stack:
    """The bars in as few rows as possible. Raises InputError if the width is too small for them."""
    size, line = type.small, PAGE_LEADING * type.small
    form = LegendForm(
        title=size,
        number=size,
        bar_height=5.0,
        title_rise=line - ASCENT * size,
        line=line,
        drop=1.5 - DESCENT * size,
        beside=4.0,
        above=line + ABOVE_LEGEND,
        below=DESCENT * size,
        ticks=1.5,
    )
    every = [
        [bar_block(type, form, bar, long, width - long - form.beside) for bar in bars] for long in BAR_LENGTHS
    ]
    fitting = [blocks for blocks in every if all(block.width <= width for block in blocks)]
    if not fitting:
        raise InputError(
            f"{width / 72:.3g} in is too narrow for the legend at this size of type; "
            "make the figure wider, or legend = false in [look]"
        )
    ways = [in_rows(blocks, lambda block: block.width, PANEL_GAP, width) for blocks in fitting]
    return stand_in_rows(min(ways, key=len), 0.0, PANEL_GAP, lambda _: 0.0)


def pooled_notes(p: Plan) -> list[str]:
    """Notes about beads that stand for several entries, and about axes that are drawn shorter than they
    are."""
    order = {stage.name: n for n, stage in enumerate(stages_of(p.root))}
    pairs = zip(p.arrangement.seen, p.seen_pools, strict=True)
    pools = sorted(pairs, key=lambda pair: order[pair[0].stage.name])
    ways: dict[str, dict[str, None]] = {}  # what is said of them -> the matrices
    for plane, pool in pools:
        for said in _shorter(plane, pool):
            ways.setdefault(said, {})[p.typeface.shown(captions.title_of(p, plane.stage))] = None
    return _of_pools(p, pools) + [f"{_listed(names)}: {said}" for said, names in ways.items()]


def _listed(names: Collection[str]) -> str:
    some, more = list(names), len(names) - MOST_LISTED
    return f",{JOINED}".join([*some[:MOST_LISTED], f"{more} more"] if more > 1 else some)


def outlined_notes(p: Plan, frame: int, *, single: bool) -> list[str]:
    """A note about the outlines of the spotlight at a frame. It is worded for all panels unless there is only
    a `single` one."""
    shine = p.spotlight.shining(frame) if p.spotlight else None
    if p.spotlight is None or shine is None:
        return []
    if not single:
        return ["outlined in each panel: what it points at, and what that is made of"]
    told = dict.fromkeys(_selected(p, lit) for lit in p.spotlight.parts[shine.number] if lit.pointed)
    theirs = "what it is made of" if len(told) == 1 else "what they are made of"
    return [f"outlined: {', '.join(told)} and {theirs}"]


def _selected(p: Plan, lit: Lit) -> str:
    """How a part of a matrix is written: attn[it, animal], Q[it]."""
    counts, parts = p.evaluation[lit.stage].shape, []
    for (first, last), count, labels in zip(
        (lit.rows, lit.columns), counts, captions.labels_of(p, lit.stage), strict=True
    ):
        names = as_labels(labels) or tuple(map(str, range(count)))
        whole = (first, last) == (0, count - 1)
        parts.append(":" if whole else names[first] if first == last else f"{names[first]} to {names[last]}")
    parts = parts[:1] if parts[1] == ":" else parts
    return p.typeface.shown(f"{captions.title_of(p, lit.stage)}[{', '.join(parts)}]")


def _of_pools(p: Plan, pools: Sequence[tuple[Plane, Pool]]) -> list[str]:
    """A sentence for each rule of pooling about what beads show. If beads differ, it has the rows and columns
    of each matrix's beads."""
    notes = []
    for rule, word in PAGE_POOL_WORDS.items():
        sizes: dict[str, dict[str, None]] = {}  # rows × columns -> the matrices
        along: dict[str, None] = {}
        for plane, pool in pools:
            if pool and pool.rule == rule:
                names = [p.typeface.shown(name) for name in captions.axis_names_of(p, plane.stage)]
                name = p.typeface.shown(captions.title_of(p, plane.stage))
                flat = min(pool.rows, pool.columns) == 1
                size = f"{pool.rows * pool.columns:,}" if flat else f"{pool.rows} × {pool.columns}"
                sizes.setdefault(size, {})[name] = None
                along[names[pool.rows == 1] if flat else ""] = None
        if not sizes:
            continue
        (axis, *others) = along
        where = f" along the {axis}" if axis and not others else ""
        if len(sizes) == 1:
            ((size, matrices),) = sizes.items()
            notes.append(f"a block of {_listed(matrices)} shows the {word} of {size} entries{where}")
        else:
            every = "; ".join(f"{size} in {_listed(matrices)}" for size, matrices in sizes.items())
            notes.append(f"a block shows the {word} of its entries{where}: {every}")
    return notes


def _shorter(plane: Plane, pool: Pool) -> list[str]:
    """A note about axes that are drawn shorter although no bead shows it."""
    axes = zip((plane.row_ruler, plane.column_ruler), (pool.rows, pool.columns), strict=True)
    return [
        f"the axis of {ruler.count:,} entries is drawn {ruler.each:,} times shorter"
        for ruler, factor in axes
        if ruler.each > 1 and factor % ruler.each
    ]


def _stacked(lines: Sequence[Sequence[Text]], under: float = 0.0) -> Stack:
    """Lines of type, each of one or several pieces, from the top down, with `under` points below them."""
    sizes = [max(text.size for text in line) for line in lines]
    height = (under if lines else 0.0) + PAGE_LEADING * sum(sizes)
    y = height
    items: list[Item] = []
    for line, size in zip(lines, sizes, strict=True):
        y -= PAGE_LEADING * size
        items += [moved(text, 0.0, y + DESCENT * size) for text in line]
    return items, height
