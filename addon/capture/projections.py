"""Which linear maps made the queries, keys and values, found by what they gave and not by name.

A projection is told by its values: some columns of a linear map's output are the head vectors
themselves, a constant times them, or, under a rotary embedding, vectors of the same length. Where
something else stands between (a norm on queries and keys), the way that the tensors took tells.
"""

from dataclasses import dataclass, replace

import torch

TOLERANCE = 1e-5  # of the largest magnitude


@dataclass(eq=False)
class Projection:
    """x @ weight + bias = pre, for one of Q, K, V of one batch element.

    x [tokens, inputs], pre [heads, tokens, width]. `how`: "value" (the head vectors are `factor`
    times pre), "length" (they are pre rotated, and `factor` times as long), "path" (something else
    lies between). `columns` [heads, width] of the linear map's weight and bias are these heads'.
    """

    full_weight: torch.Tensor
    full_bias: torch.Tensor | None
    columns: torch.Tensor
    x: torch.Tensor
    pre: torch.Tensor
    how: str
    factor: float
    layout: str

    def weight(self, heads):
        """[heads, inputs, width] of some heads."""
        return self.full_weight[:, self.columns[heads]].permute(1, 0, 2)

    def bias(self, heads):
        """[heads, width] of some heads, or None."""
        return None if self.full_bias is None else self.full_bias[self.columns[heads]]


def side_by_side(projections):
    """The projection of the heads of several, which project the same x."""
    first, offset, columns = projections[0], 0, []
    for projection in projections:
        columns.append(projection.columns + offset)
        offset += projection.full_weight.shape[1]
    biases = [projection.full_bias for projection in projections]
    return replace(
        first,
        full_weight=torch.cat([projection.full_weight for projection in projections], dim=1),
        full_bias=None if any(bias is None for bias in biases) else torch.cat(biases),
        columns=torch.cat(columns),
        pre=torch.cat([projection.pre for projection in projections]),
    )


def find_projections(q, k, v, linears, paths, batch, index):
    """Projections by name ("Q", "K", "V"), those that were found.

    q, k, v are [heads, tokens, width] of batch element `index` of `batch`; `linears` ran before
    the attention, `paths` gives those that q and k lead back to.
    """
    found = {}
    sizes = (q.shape[0], k.shape[0], q.shape[-1], v.shape[-1])
    for how in ("value", "length"):
        for name, target in (("Q", q), ("K", k), ("V", v)):
            if name in found or (how == "length" and name == "V"):
                continue
            found[name] = next(_matches(name, target, linears, sizes, how, batch, index), None)
            if found[name] is None:
                del found[name]
    layout = found["V"].layout if "V" in found else "alone"
    for name, target in (("Q", q), ("K", k)):
        if name not in found:
            for linear in paths.get(name.lower(), []):
                projection = _by_path(name, target, linear, sizes, layout, batch, index)
                if projection is not None:
                    found[name] = projection
                    break
    return found


def _matches(name, target, linears, sizes, how, batch, index):
    for linear in linears:
        for layout, columns in _layouts(name, linear.y.shape[-1], sizes):
            for x, y in _elements(linear, batch, index):
                if y.shape[0] > target.shape[1]:
                    continue
                pre = y[:, columns].permute(1, 0, 2)
                # A cache has keys before these, learned extra keys stand after them.
                for part in (target[:, -y.shape[0] :], target[:, : y.shape[0]]):
                    factor = _factor(pre, part, how)
                    if factor is not None:
                        yield _projection(linear, columns, x, pre, how, factor, layout)


def _by_path(name, target, linear, sizes, layout, batch, index):
    columns = dict(_layouts(name, linear.y.shape[-1], sizes)).get(layout)
    if columns is None:
        columns = dict(_layouts(name, linear.y.shape[-1], sizes)).get("alone")
    for x, y in _elements(linear, batch, index):
        if columns is not None and y.shape[0] <= target.shape[1]:
            pre = y[:, columns].permute(1, 0, 2)
            return _projection(linear, columns, x, pre, "path", 1.0, layout)
    return None


def _projection(linear, columns, x, pre, how, factor, layout):
    bias = linear.bias if linear.bias is not None and linear.bias.dim() == 1 else None
    return Projection(linear.weight, bias, columns, x, pre, how, factor, layout)


def _layouts(name, width, sizes):
    """(layout, columns [heads, width]) in which an output of that width could hold Q, K or V."""
    heads, groups, d, e = sizes
    count = {"Q": heads, "K": groups, "V": groups}[name]
    own = e if name == "V" else d
    all_columns = torch.arange(width)
    if width == count * own:
        yield "alone", all_columns.view(count, own)
    if width == heads * d + groups * (d + e):
        start = {"Q": 0, "K": heads * d, "V": (heads + groups) * d}[name]
        yield "stacked", all_columns[start : start + count * own].view(count, own)
        if d == e:
            slots = all_columns.view(groups, heads // groups + 2, d)
            slot = {"Q": slots[:, :-2].reshape(heads, d), "K": slots[:, -2], "V": slots[:, -1]}[name]
            yield "grouped", slot
    if width == groups * (d + e) and name != "Q":
        start = 0 if name == "K" else groups * d
        yield "stacked", all_columns[start : start + count * own].view(count, own)
        if d == e:
            yield "grouped", all_columns.view(groups, 2, d)[:, 0 if name == "K" else 1]


def _elements(linear, batch, index):
    """(x, y) of one batch element, [tokens, width] each, in every way the axes could lie."""
    x, y = linear.x.cpu(), linear.y.cpu()
    x = x.reshape(*y.shape[:-1], x.shape[-1])
    if y.dim() == 2 and batch == 1:
        yield x, y
    elif y.dim() == 2 and y.shape[0] % batch == 0:
        for split, turn in (((batch, -1), False), ((-1, batch), True)):
            a, b = (t.reshape(*split, t.shape[-1]) for t in (x, y))
            yield (a[:, index], b[:, index]) if turn else (a[index], b[index])
    elif y.dim() > 3 and y.shape[0] == batch:
        yield x[index].flatten(0, -2), y[index].flatten(0, -2)
    elif y.dim() == 3:
        if y.shape[0] == batch:
            yield x[index], y[index]
        if y.shape[1] == batch:
            yield x[:, index], y[:, index]


def _factor(pre, target, how):
    """The constant that takes `pre` (or its vectors' lengths) to `target`, or None."""
    pre, target = pre.double(), target.double()
    if how == "length":
        pre, target = pre.norm(dim=-1), target.norm(dim=-1)
    power = (pre * pre).sum()
    if power == 0:
        return None
    factor = float((pre * target).sum() / power)
    largest = float(target.abs().max())
    if factor <= 0 or float((pre * factor - target).abs().max()) > TOLERANCE * largest:
        return None
    if abs(factor - 1) < 1e-6:
        return 1.0
    return factor if pre.numel() >= 4 else None  # of few numbers nearly any is a multiple of any other
