"""Where a tensor came from: the linear maps, scores and softmaxes it leads back to.

Only what lies between one linear map and the next is followed, so the ways back stay short.
"""

from dataclasses import dataclass

import torch

TIMES = {"mul", "mul_", "__mul__", "__rmul__", "__imul__", "multiply"}
OVER = {"div", "div_", "__truediv__", "__itruediv__", "true_divide", "divide"}


@dataclass(eq=False)
class Linear:
    """A linear map that ran: y = x @ weight + bias, weight [inputs, outputs]; x and y are copies."""

    x: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor | None
    y: torch.Tensor


@dataclass(eq=False)
class Origin:
    """Where a tensor came from, for tensors between a linear map, the scores and the softmax.

    `kind` is linear, scores, softmax or step; `scores` whether scores lie on the way here.
    """

    kind: str
    parents: tuple = ()
    name: str = ""
    factor: object = None
    value: torch.Tensor | None = None
    data: object = None
    scores: bool = False


def softmax_of(origin):
    """The nearest softmax that a tensor comes from, with only steps between."""
    seen, level = set(), [origin]
    while level:
        following = []
        for node in level:
            if node is not None and node.kind == "softmax":
                return node
            if node is not None and node.kind == "step" and id(node) not in seen:
                seen.add(id(node))
                following += node.parents
        level = following
    return None


def scores_and_steps(origin):
    """The scores that a tensor comes from, or None, and the steps from there."""
    steps = []
    while origin is not None and origin.kind == "step":
        steps.append(origin)
        origin = next((p for p in origin.parents if p.scores), None)
    return (origin if origin is not None and origin.kind == "scores" else None), steps[::-1]


def linears_of(origin):
    """The linear maps that a tensor comes from, with only steps between."""
    found, seen, nodes = [], set(), [origin]
    while nodes:
        node = nodes.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if node.kind == "linear":
            found.append(node.data)
        elif node.kind == "step":
            nodes += node.parents
    return found


def factor_of(name, args):
    """The number that a step multiplies by, or None."""
    if len(args) < 2 or name not in TIMES | OVER:
        return None
    number = args[1] if not isinstance(args[1], torch.Tensor) or args[1].numel() == 1 else args[0]
    if isinstance(number, torch.Tensor):
        if number.numel() != 1:
            return None
        number = number.item()
    if isinstance(number, bool) or not isinstance(number, (int, float)) or (name in OVER and number == 0):
        return None
    return 1 / number if name in OVER else float(number)
