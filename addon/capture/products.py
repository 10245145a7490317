"""Products of tensors as einsums of two operands, however they are written in torch."""

import re
from collections.abc import Sequence
from string import ascii_letters
from typing import Any

import torch

from .origins import Contraction
from .tensors import TorchCall

PRODUCT_CALLS = {
    "matmul", "bmm", "mm", "mv", "rmatmul", "linear", "addmm", "baddbmm", "einsum", "tensordot", "inner",
    "conv1d", "conv2d", "conv3d",
}  # fmt: skip
# Functions that are linear maps, or recurrent ones, with weights in a form of their own.
UNSEEN_MAPS = re.compile("linear|matmul|gem[mv]|(^|_)mm($|_)|^(lstm|gru|rnn_(tanh|relu))$")


class NotUnderstood(Exception):
    """A step that a capture file cannot describe; the text names the step."""


def contraction_of(call: TorchCall) -> Contraction | None:
    """The product that a call is. None for a call that is no product of two tensors (a sum of one).

    Raises NotUnderstood for products of another form.
    """
    name = call.name
    if name == "einsum":
        return _einsum(call.args)
    if name == "linear":
        x, weight = call.argument(0, "input"), call.argument(1, "weight")
        bias = call.argument(2, "bias")
        lead = _letters(x.dim() - 1)
        features = "Z" if weight.dim() == 2 else ""
        added = None if bias is None else (bias, 1.0)
        return Contraction(x, weight, lead + "Y", features + "Y", lead + features, added=added)
    if name.startswith("conv"):
        return _convolution(call)
    if name in ("addmm", "baddbmm"):
        added, left, right = (call.argument(n, own) for n, own in enumerate(_BATCHED[name]))
        beta, alpha = float(call.kwargs.get("beta", 1)), float(call.kwargs.get("alpha", 1))
        product = _matmul(left, right)
        product.factor, product.added = alpha, (added, beta) if beta else None
        return product
    if name == "tensordot":
        return _tensordot(call)
    left, right = (*call.args, *call.kwargs.values())[:2]
    if name == "inner":
        lead, other = _letters(left.dim() - 1), _letters(right.dim() - 1, "A")
        return Contraction(left, right, lead + "Y", other + "Y", lead + other)
    return _matmul(*((right, left) if name == "rmatmul" else (left, right)))


_BATCHED = {"addmm": ("input", "mat1", "mat2"), "baddbmm": ("input", "batch1", "batch2")}


def _letters(count: int, first: str = "a") -> str:
    start = ascii_letters.index(first)
    return ascii_letters[start : start + count]


def _matmul(left: torch.Tensor, right: torch.Tensor) -> Contraction:
    """By the rules of torch.matmul: the last two axes are multiplied, the others broadcast."""
    most = max(left.dim(), right.dim(), 2) - 2
    lead = _letters(most)
    rows, columns = "X" * (left.dim() > 1), "Z" * (right.dim() > 1)
    a = lead[most - max(left.dim() - 2, 0) :] + rows + "Y"
    b = lead[most - max(right.dim() - 2, 0) :] + ("Y" + columns)
    return Contraction(left, right, a, b, lead + rows + columns)


def _einsum(args: tuple) -> Contraction | None:
    operands = args[1] if len(args) == 2 and isinstance(args[1], (tuple, list)) else args[1:]
    if not isinstance(args[0], str):
        raise NotUnderstood("einsum by lists of axes")
    inputs, arrow, out = args[0].replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(operands) == 1:
        return None
    if len(operands) > 2:
        raise NotUnderstood(f"einsum of {len(operands)} tensors")
    if "." in inputs:
        terms, out = _without_ellipsis(terms, out, operands, bool(arrow))
    if not arrow:
        every = "".join(terms)
        spare = out  # the ellipsis' letters
        out = spare + "".join(sorted(c for c in set(every) if every.count(c) == 1 and c not in spare))
    a, b = terms
    if len(set(a)) < len(a) or len(set(b)) < len(b):
        raise NotUnderstood(f"einsum {args[0]}, which takes diagonals")
    left, right = operands
    return Contraction(left, right, a, b, out)


def _without_ellipsis(
    terms: list[str], out: str, operands: Sequence[torch.Tensor], arrow: bool
) -> tuple[list[str], str]:
    """The equation with letters in place of the dots."""
    used = set("".join(terms) + out)
    spare = [letter for letter in ascii_letters if letter not in used]
    counts = [t.dim() - len(term.replace("...", "")) for term, t in zip(terms, operands, strict=True)]
    most = max(n for n, term in zip(counts, terms, strict=True) if "..." in term)
    own = [
        term.replace("...", "".join(spare[most - n : most])) for term, n in zip(terms, counts, strict=True)
    ]
    return own, out.replace("...", "".join(spare[:most])) if arrow else "".join(spare[:most])


def three_operands(args: tuple) -> tuple[Contraction, Contraction] | None:
    """An einsum of three tensors as two products, of which the second takes the result of the first. None for
    any other einsum."""
    operands = args[1] if len(args) == 2 and isinstance(args[1], (tuple, list)) else args[1:]
    if len(operands) != 3 or not isinstance(args[0], str) or "->" not in args[0]:
        return None
    inputs, _, out = args[0].replace(" ", "").partition("->")
    terms = inputs.split(",")
    if "." in inputs:
        terms, out = _without_ellipsis(terms, out, operands, True)
    # Scores are a product of two; what has the fewest axes is a factor of them, or weights that come after.
    last = min(range(3), key=lambda n: (operands[n].dim(), n != 2))
    left, right = (n for n in range(3) if n != last)
    a, b = terms[left], terms[right]
    between = "".join(dict.fromkeys(c for c in a + b if c in terms[last] + out))
    first = Contraction(operands[left], operands[right], a, b, between)
    made = torch.einsum(f"{a},{b}->{between}", first.left, first.right)
    return first, Contraction(made, operands[last], between, terms[last], out)


def elementwise(contraction: Contraction) -> tuple[torch.Tensor, torch.Tensor] | None:
    """A product that sums over nothing, as two tensors to be multiplied by entries; None for any other."""
    letters = set(contraction.out)
    if set(contraction.a) | set(contraction.b) != letters or contraction.added is not None:
        return None
    for own, other, a, b in (
        (contraction.left, contraction.right, contraction.a, contraction.b),
        (contraction.right, contraction.left, contraction.b, contraction.a),
    ):
        if a == contraction.out and len(b) < len(a):
            moved = other.permute(*(b.index(letter) for letter in a if letter in b))
            return own, moved.reshape([other.shape[b.index(c)] if c in b else 1 for c in a])
    return None


def _tensordot(call: TorchCall) -> Contraction:
    left, right = call.argument(0, "a"), call.argument(1, "b")
    dims = call.argument(2, "dims", 2)
    if isinstance(dims, int):
        dims = (list(range(left.dim() - dims, left.dim())), list(range(dims)))
    one, other = ([int(n) % t.dim() for n in own] for own, t in zip(dims, (left, right), strict=True))
    a, b = list(_letters(left.dim())), list(_letters(right.dim(), "A"))
    for n, m in zip(one, other, strict=True):
        b[m] = a[n]
    out = [c for n, c in enumerate(a) if n not in one] + [c for m, c in enumerate(b) if m not in other]
    return Contraction(left, right, "".join(a), "".join(b), "".join(out))


def _convolution(call: TorchCall) -> Contraction | None:
    """A convolution of single points, which is a linear map of channels; None for any other."""
    x, weight = call.argument(0, "input"), call.argument(1, "weight")
    bias = call.argument(2, "bias")
    if weight.shape[2:].numel() != 1 or x.shape[-weight.dim() + 1] != weight.shape[1]:
        return None
    if any(n not in (0, "valid", "same") for n in _all(call.argument(4, "padding", 0))):
        return None
    if any(n != 1 for n in _all(call.argument(3, "stride", 1))):
        return None
    spatial = weight.dim() - 2
    lead, points = _letters(x.dim() - spatial - 1), _letters(spatial, "A")
    ones = _letters(spatial, "N")  # of length 1 in the weight
    added = None if bias is None else (bias, 1.0)
    return Contraction(x, weight, f"{lead}Y{points}", f"ZY{ones}", f"{lead}Z{points}", added=added)


def _all(value: Any) -> tuple:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)
