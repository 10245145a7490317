"""What `inspect` and `presets` tell, as lines of text: tables with a header and aligned columns."""

import numpy as np

from .algebra.stages import Leaf, is_sheet
from .files.heads import head_statistics
from .files.matrices import tidy_tokens
from .files.scene import ANIMATIONS, VIEWS
from .look.color_maps import color_maps
from .look.styles import STYLES
from .staging.plan import count_elements

# What makes a head worth filming: it goes to one place, or it links two tokens this strongly.
PLAIN, LINK = 0.9, 0.6
MOST_NAMED = 20


def table(header, rows):
    """Aligned lines; a column of numbers is set to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(_is_number(cell) for cell in column[1:]) for column in columns]
    return ["  ".join(cell.rjust(w) if r else cell.ljust(w)
                      for cell, w, r in zip(row, widths, right, strict=True)).rstrip()
            for row in ([header, *rows] if rows else [header])]


def _is_number(cell):
    return cell.replace(",", "").replace(".", "").replace("-", "").replace("e", "").isdigit() or cell == "-"


def capture_lines(capture, layer=None, head=None):
    """A capture: its layers, what each head attends to, and the heads that are worth filming.

    `layer` and `head` restrict it; an unknown one raises InputError.
    """
    layers = [capture.layer(layer)] if layer is not None else list(capture.layers.values())
    named = str(capture.model.get("name") or capture.model.get("class") or "a model of no name")
    lines = [f"{capture.path}: attention of {named}"]
    if capture.text:
        lines.append(f"text: {capture.text}")
    lines.append("")
    lines += table(
        ("layer", "kind", "heads", "key/value heads", "queries", "keys", "head size", "mask", "positions",
         "error"),
        [(one.name, one.kind, f"{len(one.heads)} of {one.n_q_heads}", one.n_kv_heads, one.sizes.get("Q", "-"),
          one.sizes.get("K", "-"), one.head_dim, one.mask, _position(one.position),
          "-" if one.max_abs_error is None else f"{one.max_abs_error:.1e}") for one in layers])
    told = [(one, n, head_statistics(capture, one.name, n)) for one in layers
            if "pattern" in capture.names(one.name) for n in (one.heads if head is None else (head,))]
    if not told:
        return lines
    rows = []
    for one, n, s in told:
        shares = (s.previous, s.itself, s.first, s.separator, s.entropy)
        weight = f"{s.pair[2]:.2f}" if s.pair else "-"
        rows.append((one.name, n, *("-" if np.isnan(x) else f"{x:.2f}" for x in shares), weight,
                     _pair(one, s.pair)))
    lines += ["", "what each head attends to, 0 to 1 (entropy: 1 is all keys alike), and its strongest pair:"]
    lines += table(("layer", "head", "previous", "itself", "first", "separator", "entropy", "pair", ""), rows)
    return lines + _worth_filming(told)


def _worth_filming(told):
    """A line for each head that does one plain thing or links two tokens, the strongest first."""
    found = []
    for one, n, s in told:
        for share, what in ((s.previous, "previous token"), (s.itself, "itself")):
            if share >= PLAIN:
                found.append((share, one.name, n, what))
                break
        else:
            if s.pair and s.pair[2] >= LINK:
                found.append((s.pair[2], one.name, n, _pair(one, s.pair)))
    if not found:
        return []
    found.sort(key=lambda one: -one[0])
    more = [f"  and {len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
    return ["", "worth filming:", *(f"  layer {name} head {n}: {what} {share:.2f}"
                                    for share, name, n, what in found[:MOST_NAMED]), *more]


def _pair(layer, pair):
    """What attends to what: "it" → "animal"; with the place of a token that is there more than once."""
    if pair is None:
        return "-"
    shown = []
    for tokens, n in ((layer.tokens_q, pair[0]), (layer.tokens_k, pair[1])):
        if n >= len(tokens):
            shown.append(str(n))
            continue
        again = f" ({n})" if tokens.count(tokens[n]) > 1 else ""
        shown.append(f'"{tidy_tokens(tokens[n : n + 1])[0].strip("·") or tokens[n]}"{again}')
    return " → ".join(shown)


def _position(position):
    return str(position.get("kind") or position.get("type") or "-") if position else "-"


def plan_lines(p):
    """A checked scene (see staging/plan.py): its matrices, products, elements and length."""
    lines = [f"expression: {p.scene.expression}", ""]
    drawn = {plane.stage.name: plane.stage for plane in p.arrangement.planes}
    rows = []
    for name, stage in drawn.items():
        final = p.evaluation[name].final
        source = p.matrices[name].source if isinstance(stage, Leaf) else stage.text
        rows.append((name, _by(final.shape), _number(final.min()), _number(final.max()), source or "-"))
    lines += [*table(("matrix", "shape", "least", "largest", "from"), rows), ""]
    rows = []
    for c in p.arrangement.cuboids:
        sweep, move = p.sweeps[c.stage.name], p.timeline.moves[c.stage.name]
        rows.append((c.stage.name, _by((c.rows, c.inner, c.columns)), f"{c.rows * c.inner * c.columns:,}",
                     f"{sweep.steps:,}", f"{move.start:g}-{move.finished:g}"))
    lines += [*table(("product", "shape", "products", "steps", "frames"), rows), ""]
    rows = []
    for name, stage in drawn.items():
        if is_sheet(stage):
            sweep, move = p.sweeps[name], p.timeline.moves[name]
            operands = ", ".join(operand.text for operand in stage.operands)
            rows.append((name, operands, f"{sweep.steps:,}", f"{move.start:g}-{move.finished:g}"))
    if rows:
        lines += [*table(("sheet", "of", "steps", "frames"), rows), ""]
    elements = count_elements(p.arrangement, p.scene)
    frames, seconds = p.timeline.last_frame, p.timeline.last_frame / p.scene.render.fps
    lines.append(f"at most {elements:,} elements, drawn as {'points' if p.as_points else 'instances'}; "
                 f"{frames} frames, {seconds:.1f} s")
    return lines


def built_lines(scene):
    """A built Blender scene: every drawn object, as its custom properties tell."""
    rows = [(ob["mc_kind"], ob["mc_name"], _by(ob["mc_shape"]), f"{int(np.prod(ob['mc_shape'])):,}", ob.name)
            for ob in scene.objects if ob.get("mc_kind") in ("matrix", "product")]
    return table(("kind", "name", "shape", "elements", "object"), sorted(rows))


def preset_lines():
    """Every name that can be chosen, with what it is for."""
    lines = ["styles", *(f"  {name:<18}{one.about}" for name, one in STYLES.items()), "", "colour maps"]
    lines += [f"  {name:<18}{one['use']}" for name, one in color_maps().items()]
    lines += ["", "views", *(f"  {name}" for name in VIEWS), "", "animations"]
    return [*lines, *(f"  {name}" for name in ANIMATIONS)]


def _by(shape):
    return " x ".join(str(int(n)) for n in shape)


def _number(value):
    return f"{value:.4g}"
