"""The reports of `inspect` and `presets` as lines of text: tables with a header and aligned columns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..description.scene import ANIMATIONS, MOVES, VIEWS
from ..formats.capture_file import Capture
from ..look.color_maps import color_maps
from ..look.lights import RIGS
from ..look.styles import STYLES
from ..staging.highlights import highlights
from ..staging.limits import memory_needed
from ..staging.plan import Plan
from ..staging.writing import captions
from ..staging.writing.captions import labels_of
from .aligned import table

Drawn = Sequence[tuple[str, str, tuple[int, ...], str]]  # kind, name, shape, object


@dataclass(frozen=True)
class Inspection:
    """The report about the source `of`, as lines of text."""

    of: Capture | Plan | Drawn
    lines: Sequence[str]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def plan_lines(p: Plan) -> list[str]:
    """The report about a planned scene: its matrices, products, elements and length."""
    lines = [f"expression: {p.scene.expression}", ""]
    drawn = {plane.stage.name: plane.stage for plane in p.arrangement.planes}
    rows = []
    for name, stage in drawn.items():
        final = p.evaluation[name].final
        source = stage.text if stage.operands else p.matrices[name].source
        rows.append((name, _by(final.shape), _number(final.min()), _number(final.max()), source or "-"))
    lines += [*table(("matrix", "shape", "least", "largest", "from"), rows), ""]
    rows = []
    for c in p.arrangement.cuboids:
        sweep, move = p.sweeps[c.stage.name], p.timeline.moves[c.stage.name]
        rows.append(
            (
                c.stage.name,
                _by((c.rows, c.inner, c.columns)),
                f"{c.size:,}",
                f"{sweep.steps:,}",
                f"{move.start:g}-{move.finished:g}",
            )
        )
    lines += [*table(("product", "shape", "products", "steps", "frames"), rows), ""]
    rows = []
    for name, stage in drawn.items():
        if stage.operands and not stage.has_interior:
            sweep, move = p.sweeps[name], p.timeline.moves[name]
            operands = ", ".join(operand.text for operand in stage.operands)
            rows.append((name, operands, f"{sweep.steps:,}", f"{move.start:g}-{move.finished:g}"))
    if rows:
        lines += [*table(("sheet", "of", "steps", "frames"), rows), ""]
    given = {name: p.matrices[name] for name in drawn if name in p.matrices}
    notes = dict.fromkeys(f"{drawn[name].of or name}: {one.note}" for name, one in given.items() if one.note)
    lines += [*notes, ""] if notes else []
    told = captions.notes(p)
    lines += [*told, ""] if told else []
    lines += _highlight_lines(p)
    hidden = [name for name in p.products if name not in p.interiors]
    if hidden:
        lines += [f"products that are not drawn, only summed: those of {', '.join(hidden)}", ""]
    frames, seconds = p.timeline.last_frame, p.timeline.last_frame / p.scene.render.rate
    kind, memory = "points" if p.as_points else "instances", memory_needed(p.drawn, p.as_points)
    lines.append(
        f"at most {p.drawn:,} elements at once, drawn as {kind}; about {memory / 1e9:.1f} GB; "
        f"{frames} frames, {seconds:.1f} s"
    )
    return lines


def _highlight_lines(p):
    """The entries that the description points out, by position and token, so that a person can check them."""
    rows = []
    for one in highlights(p):
        of_rows, of_columns = labels_of(p, one.plane.stage)
        rows.append((one.text, one.name, _span(one.rows, of_rows), _span(one.columns, of_columns)))
    return [*table(("highlight", "of", "rows", "columns"), rows), ""] if rows else []


def _span(ends, labels):
    """A range of rows or columns by position; a single one also by its token."""
    first, last = ends
    if first != last:
        return f"{first} to {last}"
    return f'{first} "{labels[first]}"' if labels else f"{first}"


def built_lines(drawn: Drawn) -> list[str]:
    """The report about a built scene: its drawn matrices and products."""
    rows = [(kind, name, _by(shape), f"{math.prod(shape):,}", ob) for kind, name, shape, ob in drawn]
    return table(("kind", "name", "shape", "elements", "object"), sorted(rows))


def preset_lines() -> list[str]:
    """The report of `presets`: every name that can be chosen, with its purpose."""
    told: dict[str, dict[str, str | None]] = {
        "styles": {name: one.about for name, one in STYLES.items()},
        "lights": {name: one.about for name, one in RIGS.items()},
        "colour maps": {name: one["use"] for name, one in color_maps().items()},
        "views": dict.fromkeys(VIEWS, ""),
        "moves": dict.fromkeys(MOVES, ""),
        "animations": dict.fromkeys(ANIMATIONS, ""),
    }
    lines = []
    for kind, names in told.items():
        lines += ["", kind, *(f"  {name:<18}{about}".rstrip() for name, about in names.items())]
    return lines[1:]


def _by(shape):
    return " x ".join(str(int(n)) for n in shape)


def _number(value):
    return f"{value:.4g}"
