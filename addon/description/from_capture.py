"""Makes descriptions from captures: a scene of one head, or of all heads of a layer, without a scene file."""

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..attention.rotary import LAYOUTS, rotate
from ..errors import InputError, nearest
from ..formats.capture_checks import checks_of, input_of
from ..formats.capture_file import numbers, open_capture
from ..formats.summaries import SUMMARIES, layers_meant, summary_title
from .scene import Animation, Camera, CaptureOptions, Look, MatrixOptions, Scene

# What a scene of a head can show in addition, by name.
HEAD_PARTS = {
    "steps": "scores, scale, mask and softmax each as a matrix of its own",
    "projections": "how queries, keys and values are made of the layer's input",
    "output": "what the head writes into the residual stream",
    "residual": "the residual stream, and what all heads of the layer add to it",
}


# Passes can stand side by side, as one expression, only if these agree.
ALIKE = ("scale", "head_scales", "softcap", "mask", "window", "offset", "position", "residual")


def scene_from_capture(
    path: str | os.PathLike[str],
    layer: int | str,
    head: int | None,
    parts: Sequence[str] = (),
    passes: Sequence[int] | str = (),
) -> Scene:
    """The scene of a head: scores, softmax and weighted values, with tokens and a title.

    `layer` is the layer's number or name ("5.cross"). `head` is a number, or None for all heads of the layer
    side by side. `parts` are keys of HEAD_PARTS. `passes` are the numbers of the model's passes to show side
    by side, or "all". Scale, softcap, bias, mask and sinks come from the capture. The film of a single head
    has beats. If the capture has no queries and keys, the scene is the pattern times the values, or the
    pattern alone. Raises InputError for a layer, head, part or pass that is not there, and for an attention
    that the expression language cannot describe.
    """
    path = Path(path)
    capture = open_capture(path)
    first_layer = capture.layer(layer)
    for part in parts:
        if part not in HEAD_PARTS:
            raise InputError(f'unknown part "{part}"; {nearest(part, HEAD_PARTS, "known parts")}')
    if head is not None and head not in first_layer.heads:
        kept = "q" if "q" in first_layer.shapes else "pattern"
        capture.tensor(layer, kept, head)  # raises InputError: there is no such head
    told = _Heads(capture, first_layer, first_layer.heads if head is None else (head,), parts)
    chosen = CaptureOptions(
        file=path.name, layer=_named(first_layer), passes=passes if isinstance(passes, str) else tuple(passes)
    )
    shown = _in_passes(capture, first_layer, passes)
    return Scene(
        expression=told.expression(),
        title=_title(capture, first_layer, head),
        caption=capture.text_of(*shown),
        capture=replace(chosen, heads="all") if head is None else replace(chosen, head=head),
        beats="auto" if head is not None and not passes else "off",
        matrices=told.matrices,
        animation=Animation(trail=6.0),
        look=Look(settled_scale=0.0),  # products that stay would cover the matrices behind them
        folder=str(path.resolve().parent),
    )


def _in_passes(capture, layer, passes):
    """The layer, or the layer in several passes. Refuses those that one expression cannot describe."""
    if not passes:
        return [layer]
    shown = [one for one in capture.in_passes(layer) if passes == "all" or one.pass_number in passes]
    for one in shown:
        other = [name for name in ALIKE if getattr(one, name) != getattr(layer, name)]
        other += ["number of tokens"] * any(one.sizes.get(axis) != layer.sizes.get(axis) for axis in "QK")
        if other or set(one.shapes) != set(layer.shapes):
            what = f"another {other[0]}" if other else "other tensors"
            raise InputError(
                f"{capture.where(one)} has {what} than layer {layer.name}, so they cannot "
                "stand side by side; choose others by passes"
            )
    return shown or [layer]


def scene_of_tensor(path: str | os.PathLike[str], layer: int | str, head: int, tensor: str) -> Scene:
    """The scene of one tensor of a capture, such as "pattern", as a map: cells of one size, seen from the
    front.

    Raises InputError for a layer that is not there. Errors in the tensor itself show when the scene is
    planned.
    """
    path = Path(path)
    capture = open_capture(path)
    asked_layer = capture.layer(layer)
    each = SUMMARIES.get(tensor, ("H",))[0][0] == "H"  # whether each head has a tensor of its own
    label = summary_title(capture, asked_layer, tensor) if tensor in SUMMARIES else ""
    return Scene(
        expression=tensor,
        title=_title(capture, asked_layer, head if each else None),
        caption=capture.text_of(*layers_meant(capture, asked_layer, tensor)),
        capture=CaptureOptions(file=path.name, layer=_named(asked_layer), head=head if each else 0),
        matrices={tensor: MatrixOptions(tensor=tensor, label=label)},
        look=Look(min_size=1.0),
        camera=Camera(view="front", lens=400.0),  # a camera so far away that the sides of cells hardly show
        folder=str(path.resolve().parent),
    )


class _Heads:
    """Writes heads of a layer in the expression language. `matrices` collects the matrices that the
    expression names."""

    def __init__(self, capture, layer, heads, parts):
        self.capture, self.layer, self.heads, self.parts = capture, layer, heads, set(parts)
        self.matrices = {}
        self.allowed = capture.allowed(layer.name, heads[0])
        self.alike = all(np.array_equal(capture.allowed(layer.name, h), self.allowed) for h in heads[1:])

    def expression(self):
        layer, has = self.layer, self.layer.shapes
        needed = {
            "projections": (*(input_of(layer, name) for name in "QKV"), "W_Q", "W_K", "W_V"),
            "output": ("W_O",),
            "residual": ("W_O", "stream" if "stream" in has else "resid_pre"),
        }
        for name, needs in needed.items():
            lacking = [tensor for tensor in needs if name in self.parts and tensor not in has]
            if lacking:
                raise InputError(
                    f"{self.capture.where(layer)} has no {lacking[0]}, which the part {name} needs"
                )
        if {"q", "k"} <= set(has):
            attn = self.pattern()
        elif "pattern" in has:
            attn = self.given_pattern()
        else:
            raise InputError(
                f"{self.capture.where(layer)} has neither queries and keys nor a "
                "pattern, of which one is needed for a scene"
            )
        if "v" not in has:
            return f"attn = {attn}"
        z = f"(attn = {attn}) @ {self.projected('V', 'v')}"
        if not {"output", "residual"} & self.parts:
            return f"out = {z}"
        write = f"(z = {z}) @ {self.named('W_O', 'W_O')}"
        if len(self.heads) < layer.n_q_heads:
            if "residual" in self.parts:
                raise InputError(
                    "residual shows what all heads write together; leave out head, or leave out residual"
                )
            return f"write = {write}"
        total = f"sum_heads((write = {write}))" if len(self.heads) > 1 else write
        if "b_O" in has:
            total += f" + {self.named('b_O', 'b_O')}"
        if "residual" not in self.parts:
            return f"attn_out = {total}"
        if "stream" in has:
            return f"out = {self.named('stream', 'stream')} + (added = {self.added(f'(attn_out = {total})')})"
        return f"out = {self.named('resid_pre', 'resid_pre')} + (attn_out = {total})"

    def added(self, output):
        """The output after the step between it and the residual stream, such as a norm."""
        layer, told = self.layer, self.layer.residual
        kind = told["kind"]
        check = next((each for each in checks_of(self.capture, layer, False) if each.tensor == "added"), None)
        if check is None or not check.ok:
            lies = f"a step that is not known ({kind})" if kind else "a step that the file does not name"
            if check is not None:
                lies = f"by the file a {kind}, which misses the numbers by {check.error:.1e},"
            raise InputError(
                f"{self.capture.where(layer)}: {lies} lies between its output and the residual "
                "stream, so that cannot be drawn; leave out residual"
            )
        norms = {"rms_norm": "rmsnorm", "layer_norm": "layernorm"}
        text = f"{norms[kind]}({output}, eps={told['epsilon']!r})" if kind in norms else output
        if kind == "factor":
            return f"{text} * {told['factor']!r}"
        for tensor, sign in (("added_gain", "*"), ("added_offset", "+")):
            if tensor in layer.shapes:
                text += f" {sign} {self.named(tensor.removeprefix('added_'), tensor)}"
        return text

    def named(self, name, tensor, drawn="always"):
        """`name`, as a matrix of the expression that is this tensor of the capture, `drawn` so often."""
        self.matrices[name] = MatrixOptions(tensor=tensor, drawn=drawn)
        return name

    def given_pattern(self):
        """The pattern that the file has, without the entries that the mask hides."""
        self.named("P", "pattern")
        return "P" if self.unmasked else self.masked("P", softmax=False)

    @property
    def unmasked(self):
        return self.alike and self.allowed.all()

    def pattern(self):
        """Scores, scale, softcap, bias, mask, sinks and softmax."""
        layer, steps = self.layer, "steps" in self.parts
        logits = f"{self.projected('Q', 'q')} @ {self.projected('K', 'k')}.T"
        logits = _scores(logits) if steps else logits
        scaled = logits
        scale = self.scale()
        if math.isclose(scale, layer.head_dim**-0.5, rel_tol=1e-7):
            scaled += f" / sqrt({layer.head_dim})"
        elif scale != 1:
            scaled += f" * {scale!r}"
        if steps and scaled != logits:
            scaled = f"(scaled = {scaled})"
        if layer.softcap:
            scaled = f"tanh({scaled} / {layer.softcap!r}) * {layer.softcap!r}"
            scaled = f"(capped = {scaled})" if steps else scaled
        if "bias" in layer.shapes:
            scaled = f"{_scores(scaled)} + {self.named('bias', 'bias')}"
            scaled = f"(biased = {scaled})" if steps else scaled
        if layer.sinks:
            return self.with_sink(scaled if self.unmasked else self.masked(scaled, softmax=False))
        if self.unmasked:
            return f"softmax({scaled})"
        if steps:
            return f"softmax((kept = {self.masked(scaled, softmax=False)}))"
        return self.masked(scaled, softmax=True)

    def scale(self):
        """The factor of the scores, which all drawn heads share."""
        layer, scales = self.layer, {self.layer.scale_of(head) for head in self.heads}
        if len(scales) > 1:
            raise InputError(
                f"the heads of {self.capture.where(layer)} have scales of their own, so they "
                f"cannot stand side by side; choose one head of {numbers(layer.heads)}"
            )
        return scales.pop()

    def with_sink(self, logits):
        """The softmax with the sink as one more column, which takes its share and is then cut off."""
        keys = self.layer.sizes["K"]
        return f"(shared = softmax(concat({_scores(logits)}, {self.named('sink', 'sink')})))[:, 0:{keys}]"

    def masked(self, logits, softmax):
        """The logits without the entries that the mask hides; with `softmax`, their softmax."""
        # What each kind of mask keeps. An entry stands `ahead` columns right of the diagonal.
        layer, allowed = self.layer, self.allowed
        columns = np.broadcast_to(np.arange(allowed.shape[1]), allowed.shape)
        ahead = columns - np.arange(allowed.shape[0])[:, None]
        latest, window, length = layer.offset, max(layer.window, 1), max(int(allowed[0].sum()), 1)
        ways = {
            (f"tril({logits})", "causal"): ahead <= 0,
            (f"window({logits}, {window})", f"window({window})"): (ahead <= 0) & (ahead > -window),
            (f"padded({logits}, {length})", f"padded({length})"): columns < length,
            (f"tril({logits}, {latest})", ""): ahead <= latest,
            (f"triu(tril({logits}, {latest}), {latest - window + 1})", ""): (ahead <= latest)
            & (ahead > latest - window),
        }
        for (text, name), kept in ways.items():
            if self.alike and np.array_equal(kept, allowed):
                if softmax:
                    return f"softmax({logits}, mask={name})" if name else f"softmax({text})"
                return text
        if layer.mask == "window":
            logits = f"triu(tril({logits}, {latest}), {latest - window + 1})"
        elif layer.mask == "causal":
            logits = f"tril({logits}, {latest})"
        text = f"masked({logits}, {self.named('mask', 'mask')})"
        return f"softmax({text})" if softmax else text

    def projected(self, name, tensor):
        """Queries, keys or values: given, or computed from the layer's input."""
        if "projections" not in self.parts:
            return self.named(name, tensor)
        source = self.named(*2 * (input_of(self.layer, name),), "once")
        text = f"{source} @ {self.named(f'W_{name}', f'W_{name}')}"
        if f"b_{name}" in self.layer.shapes:
            text += f" + {self.named(f'b_{name}', f'b_{name}', 'never')}"
        turn = None if name == "V" else self.turn(name)
        if turn:
            text = (
                f"rotary(({name.lower()}_pre = {text}), base={turn[0]!r}, dims={turn[1]}, "
                f"first={turn[2]}, layout={turn[3]}{f', at={turn[4]}' * bool(turn[4])})"
            )
        for head in self.heads:
            self.require_projection(name, tensor, source, turn, head)
        return f"({name} = {text})"

    def turn(self, name):
        """(base, columns, first position, layout, first column) of the rotary positions of queries or keys,
        or None if they have none.

        Values that the file lacks are those of most models; `require_projection` checks the result.
        """
        position, width = self.layer.position, self.layer.head_dim
        if position.get("kind") != "rotary" or "theta" not in position:
            return None
        base, dims = position["theta"], position.get("dims", width)
        layout, first_column = position.get("layout", LAYOUTS[0]), position.get("at", 0)
        for key, good, right in (
            ("theta", type(base) in (int, float) and 0 < base < 1e12, "a number above 0"),
            (
                "dims",
                type(dims) is int and 0 < dims <= width and dims % 2 == 0,
                f"an even number up to {width}",
            ),
            ("layout", layout in LAYOUTS, " or ".join(LAYOUTS)),
            (
                "at",
                type(first_column) is int and type(dims) is int and 0 <= first_column <= width - dims,
                "a column before them",
            ),
        ):
            if not good:
                raise InputError(
                    f"{self.capture.where(self.layer)}: its rotary positions have a {key} that "
                    f"is not {right}, so the projections cannot be drawn"
                )
        # A key has its own number as position. The offset of the mask is the position of the first query.
        return base, dims, self.layer.offset if name == "Q" else 0, layout, first_column

    def require_projection(self, name, tensor, source, turn, head):
        """Raise InputError unless input times weights gives the queries, keys or values of the file."""

        def of(key):
            return self.capture.tensor(self.layer.name, key, head)

        made, wanted = of(source) @ of(f"W_{name}"), of(tensor)
        if f"b_{name}" in self.layer.shapes:
            made = made + of(f"b_{name}")
        made = rotate(made, *turn) if turn else made
        if np.abs(made - wanted).max() > 1e-3 * np.abs(wanted).max():
            raise InputError(
                f"{self.capture.where(self.layer)}: its input times W_{name} is not {tensor}; "
                "a step between them, such as a norm or scaled rotary positions, is not in the file, so the "
                "projections cannot be drawn"
            )


def _scores(text):
    """A text of the expression under the name "scores", unless a part of it has that name already: scores
    with a bias or a sink are a matrix of their own."""
    return text if "(scores = " in text else f"(scores = {text})"


def _named(layer):
    """A layer as [capture] names it: by its number if its name is a number, else by its name."""
    return int(layer.name) if layer.name.isdecimal() else layer.name


def _title(capture, layer, head):
    model = str(capture.model.get("name") or capture.model.get("class") or "")
    heads = f"{len(layer.heads)} heads" if head is None else f"head {head}"
    parts = [model.rpartition("/")[2], f"layer {layer.name}", heads]
    return " · ".join(part for part in parts if part)
