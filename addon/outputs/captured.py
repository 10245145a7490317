"""The reports of `inspect` and `verify` about a capture, as lines of text."""

from dataclasses import dataclass

import numpy as np

from ..attention.statistics import HeadStatistics, pair_text, statistics_of, worth_filming
from ..formats.capture_checks import Check, checks_of, left_out, not_written
from ..formats.capture_file import Capture
from ..formats.capture_layer import Layer
from .aligned import table

MOST_NAMED = 20
LAYER_COLUMNS = (
    "layer", "kind", "heads", "key/value heads", "queries", "keys", "head size", "mask", "positions", "error",
    "module",
)  # fmt: skip


def capture_lines(capture: Capture, layer: int | str | None = None, head: int | None = None) -> list[str]:
    """The report about a capture: its layers, missing tensors, the attention of each head, heads worth
    filming.

    `layer` and `head` restrict it; an unknown one raises InputError.
    """
    layers = [capture.layer(layer)] if layer is not None else list(capture.layers.values())
    named = str(capture.model.get("name") or capture.model.get("class") or "a model of no name")
    lines = [f"{capture.path}: attention of {named}"]
    if capture.text:
        lines.append(f"text: {capture.text}")
    lines += ["", *table(LAYER_COLUMNS, [_described(one) for one in layers])]
    lines += _lacking(capture, layers)
    patterned = [one for one in layers if "pattern" in capture.names(one.name)]
    told = statistics_of(capture, [(one, one.heads if head is None else (head,)) for one in patterned])
    return lines + _heads(told) if told else lines


@dataclass(frozen=True)
class CaptureReport:
    """The checked equations of every layer of a capture; `lacking` lists what is not in the file."""

    checks: tuple[Check, ...]
    lacking: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def lines(self) -> list[str]:
        """The report as a table, one text for each line."""
        failed = sum(not check.ok for check in self.checks)
        worst = max((check.error for check in self.checks), default=0.0)
        return [
            *table(("layer", "equation", "largest error", ""), [_checked(one) for one in self.checks]),
            *self.lacking,
            "",
            f"{len(self.checks)} equations, {failed} failed, largest error {worst:.1e}",
        ]


def verified(capture: Capture) -> CaptureReport:
    """Check a capture against its own equations. Raises InputError for numbers that are not finite."""
    layers = list(capture.layers.values())
    checks = tuple(check for layer in layers for check in checks_of(capture, layer))
    return CaptureReport(checks, tuple(_lacking(capture, layers)))


def _checked(check: Check) -> tuple[str, str, str, str]:
    return check.layer, check.equation, f"{check.error:.1e}", "" if check.ok else "FAILED"


def _described(layer: Layer) -> tuple:
    """The row of a layer in the table of LAYER_COLUMNS."""
    position = layer.position.get("kind") or layer.position.get("type") if layer.position else None
    return (
        layer.name,
        layer.kind,
        f"{len(layer.heads)} of {layer.n_q_heads}",
        layer.n_kv_heads,
        layer.sizes.get("Q", "-"),
        layer.sizes.get("K", "-"),
        layer.head_dim if "q" in layer.shapes else "-",
        layer.mask,
        str(position or "-"),
        "-" if layer.max_abs_error is None else f"{layer.max_abs_error:.1e}",
        layer.module or "-",
    )


def _lacking(capture: Capture, layers: list[Layer]) -> list[str]:
    """The tensors and attentions that the file lacks, with the reasons."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for layer in layers:
        for tensor, why in not_written(capture, layer).items():
            reasons.setdefault((tensor, why), []).append(layer.name)
    lines = []
    if reasons:
        lines += ["", "not written, because the recording could not show that it is right:"]
        for (tensor, why), names in reasons.items():
            some = ", ".join(names[:4]) + " …" * (len(names) > 4)
            lines.append(f"  {tensor} of layer{'s' * (len(names) > 1)} {some}: {why}")
    missing = left_out(capture)
    if missing:
        lines += ["", "attention that ran and is not in the file:", *(f"  {one}" for one in missing)]
    return lines


def _heads(told: list[tuple[Layer, int, HeadStatistics]]) -> list[str]:
    """What each head attends to, and the heads that are worth filming."""
    rows = []
    for layer, head, s in told:
        shares = (s.previous, s.itself, s.induction, s.first, s.separator, s.entropy)
        pair = (f"{s.pair[2]:.2f}", pair_text(layer, s.pair)) if s.pair else ("-", "-")
        rows.append((layer.name, head, *("-" if np.isnan(x) else f"{x:.2f}" for x in shares), *pair))
    lines = ["", "what each head attends to, 0 to 1 (entropy: 1 is all keys alike), and its strongest pair:"]
    lines += table(
        ("layer", "head", "previous", "itself", "induction", "first", "separator", "entropy", "pair", ""),
        rows,
    )
    found = worth_filming(told)
    if found:
        lines += ["", "worth filming:"]
        lines += [
            f"  layer {one.layer} head {one.head}: {one.what} {one.share:.2f}" for one in found[:MOST_NAMED]
        ]
    return lines + [f"  and {len(found) - MOST_NAMED} more"] * (len(found) > MOST_NAMED)
