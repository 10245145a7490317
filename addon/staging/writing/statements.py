"""The expression as it is printed, in statements, and the times at which its parts are computed.

`out = (attn = softmax(Q @ K.T / sqrt(32))) @ V` is set as attn = softmax(Q Kᵀ / √32) and out = attn V. While
a product is swept, the product itself is lit; while its sums become finished values, its functions too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ...algebra.expression import (
    STRENGTH,
    Binary,
    Call,
    Index,
    Name,
    Named,
    Negate,
    Number,
    Several,
    Transpose,
    parse,
    text_of,
)
from ...algebra.lowering import INNER_NAME
from ...kinds.stage import Stage, stages_of
from .scripts import LOWERED, ON_THE_LINE, RAISED, ROOT, ROOT_SIGN, TRANSPOSED, UNDER_ROOT, Script, indexed

PRINTED_SIGNS = {"@": " ", "*": " × ", "/": " / ", "+": " + ", "-": " − "}
SUPERSCRIPTS = {"2": "²", "3": "³", "-1": "⁻¹"}


@dataclass(frozen=True)
class Part:
    """A piece of a statement. `lit` are the pairs of frames between which it is lit."""

    text: str
    lit: tuple[tuple[float, float], ...] = ()
    script: Script = ON_THE_LINE


@dataclass(frozen=True)
class Statement:
    """`name = …` in parts; `done` is the frame at which it is finished."""

    parts: tuple[Part, ...]
    done: float


def formula_of(p: Any) -> list[Statement]:
    """The statements of a plan's expression, in the order in which they are computed."""
    setter = _Setter(p)
    written = parse(p.description.expression)
    for node in written.statements if isinstance(written, Several) else [written]:
        setter.statement(node)
    return setter.statements


def printed(p: Any, stage: Stage) -> str:
    """How a result is written, as a caption prints it: write = z W_O. A result without a name is only what it
    is made of."""
    name, setter = stage.of or stage.name, _Setter(p)
    setter.k = setter.inner_of(name, stage.text)
    parts = setter.set(parse(stage.text), 0, None, ())
    head = [*_named(name, ()), Part(" = ")] if name != stage.text else []
    marks = {RAISED: TRANSPOSED, LOWERED: "_"}
    texts = [marks.get(one.script, "") + one.text * (one.script is not RAISED) for one in [*head, *parts]]
    return "".join(texts)


class _Setter:
    def __init__(self, p: Any):
        self.p = p
        self.k: int | None = None  # the inner dimension in the statement that is set
        self.k_is_matrix = any(stage.name == INNER_NAME for stage in stages_of(p.root))
        self.statements: list[Statement] = []
        # Of each written result (start, swept, finished, epilogue begins).
        self.acts: dict[str, tuple[float, ...]] = {}
        for stage in stages_of(p.root):
            move = p.timeline.moves.get(stage.name)
            if move and move.swept > move.start:
                for key in {stage.of or stage.name, stage.text}:
                    own = move.start, move.swept, move.finished, move.begins
                    start, *ends = self.acts.get(key, own)
                    self.acts[key] = min(start, own[0]), *map(max, ends, own[1:])

    def statement(self, node):
        """Set a statement, after the statements of names inside it."""
        if isinstance(node, Name):  # asked for here, and made before
            return
        name, body = (node.name, node.body) if isinstance(node, Named) else ("", node)
        self.k = self.inner_of(name, text_of(body))
        act = self.acts.get(name) or self.acts.get(text_of(body))
        parts = self.whole(body, 0, act, ())
        head = [*_named(name, ()), Part(" = ")] if name else []
        self.statements.append(Statement(_merged([*head, *parts]), act[2] if act else 1.0))

    def inner_of(self, name, text):
        """The inner dimension of the product of a result; None where there is none, or several differ."""
        made = [s for s in stages_of(self.p.root) if name in (s.of, s.name) or s.text == text]
        found = {self.p.evaluation.sides(stage)[0].shape[1] for stage in made if stage.has_interior}
        return found.pop() if len(found) == 1 else None

    def whole(self, node, strength, act, lit):
        """The parts of a result. All are lit during its epilogue, and its product while it is swept."""
        during = ((act[3], act[2]),) if act and act[2] > act[3] else ()
        return self.set(node, strength, act, (*lit, *during))

    def set(self, node, strength, act, lit):
        """The parts of a node inside an operator that binds with `strength`. `act` has the times of the
        result whose product is still to come."""
        match node:
            case Named():
                before = self.k
                self.statement(node)
                self.k = before
                return _named(node.name, lit)
            case Name() if self.is_inner(node) and self.k:
                return [Part(str(self.k), lit)]
            case Name():
                return _named(node.name, lit)
            case Number():
                return [Part(str(node.value), lit)]
            case Transpose():
                return [*self.set(node.body, 6, None, lit), Part("T", lit, RAISED)]
            case Negate():
                return self.bracketed([Part("−", lit), *self.set(node.body, 4, act, lit)], 4, strength, lit)
            case Index():
                ranges = ", ".join(_range(ends) for ends in (node.rows, node.columns))
                return [*self.set(node.body, 6, act, lit), Part(f"[{ranges}]", lit)]
            case Call(function="sqrt") if isinstance(node.arguments[0], Number | Name):
                under = self.set(node.arguments[0], 6, act, lit)
                barred = (  # a raised or lowered part stays what it is
                    replace(part, script=UNDER_ROOT) if part.script is ON_THE_LINE else part for part in under
                )
                return [Part(ROOT_SIGN, lit, ROOT), *barred]
            case Call():
                parts = [Part(f"{node.function}(", lit)]
                for n, argument in enumerate(node.arguments):
                    parts += [Part(", ", lit)] if n else []
                    parts += self.inner(argument, 0, act, lit)
                options = "".join(f", {name} = {text_of(value)}" for name, value in node.options)
                return [*parts, Part(f"{options})", lit)]
            case Binary(operator="**") if text_of(node.right) in SUPERSCRIPTS:
                return [*self.set(node.left, 6, act, lit), Part(SUPERSCRIPTS[text_of(node.right)], lit)]
            case Binary():
                holds = STRENGTH.get(node.operator, 1)
                # The product of a result, or the operator of a sheet, but no number, which belongs to the
                # epilogue.
                numbers = any(self.is_number(side) for side in (node.left, node.right))
                if act and not numbers:
                    lit, act = (*lit, (act[0], act[1])), None
                left = self.inner(node.left, holds, act, lit)
                right = self.inner(node.right, holds + 1, act, lit)
                sign = PRINTED_SIGNS.get(node.operator, f" {node.operator} ")
                return self.bracketed([*left, Part(sign, lit), *right], holds, strength, lit)
        return [Part(text_of(node), lit)]

    def inner(self, node, strength, act, lit):
        """A part that may be a result without a name."""
        act_here = (
            self.acts.get(text_of(node)) if act is None and not isinstance(node, Name | Named) else None
        )
        return self.whole(node, strength, act_here, lit) if act_here else self.set(node, strength, act, lit)

    def bracketed(self, parts, holds, strength, lit):
        return [Part("(", lit), *parts, Part(")", lit)] if holds < strength else parts

    def is_number(self, node):
        """Whether a node is a number, the inner dimension, or the root of one."""
        if isinstance(node, Call):
            return node.function == "sqrt" and all(self.is_number(argument) for argument in node.arguments)
        return isinstance(node, Number) or self.is_inner(node)

    def is_inner(self, node):
        """Whether a node is the inner dimension of a product."""
        named_k = isinstance(node, Name) and node.name == INNER_NAME and not node.quoted
        return named_k and not self.k_is_matrix


def _named(name, lit):
    """The parts of a name: what of it is an index stands lower."""
    name, index = indexed(name)
    return [Part(name, lit), *([Part(index, lit, LOWERED)] if index else [])]


def _merged(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts with neighbours that are lit alike as one."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if last and last.lit == part.lit and last.script is part.script is ON_THE_LINE:
            merged[-1] = Part(last.text + part.text, part.lit)
        else:
            merged.append(part)
    return tuple(merged)


def _range(ends):
    return ":".join("" if end is None else str(end) for end in ends)
