"""Leading axes: a matrix of many heads, layers or batches becomes one stage for each.

Everything behind an expression (layout, schedule, drawing, verify) knows matrices of two axes. Here a stage
with leading axes becomes a stack, one stage for each entry of these axes: `attn` of the heads 0 and 3 becomes
`attn[0]` and `attn[3]`. A stage without leading axes stays one, and all entries share it. Keys and values of
fewer heads are shared by the query heads of their group.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..description.leading import HEAD_AXIS, MOST_AXES, LeadingAxis, member_name, title
from ..errors import InputError
from ..kinds.stage import Operand, Stage, roots_of, side_by_side, stages_of


@dataclass(frozen=True)
class _Stack:
    """The stages that one stage became: `members` by their numbers along the axes."""

    axes: tuple[LeadingAxis, ...]
    members: dict[tuple[int, ...], Stage]

    def at(self, numbers, axes):
        """The member that an entry of a stage made of this stack takes. The entry has these numbers along
        `axes`, the leading axes of that stage."""
        places = {axis.name: (axis, n) for axis, n in zip(axes, numbers, strict=True)}
        index = []
        for axis in self.axes:
            finer, n = places[axis.name]
            if axis.each > finer.each:
                index.append(n * finer.each // axis.each)
            else:  # the same entries, one for all of them, or one for each of equal groups
                place = finer.numbers.index(n)
                index.append(axis.numbers[place * len(axis.numbers) // len(finer.numbers)])
        return self.members[tuple(index)]


def unstacked(root: Stage, axes: Mapping[str, Sequence[LeadingAxis]]) -> Stage:
    """The root of the same expression with a stage of two axes for each entry of leading axes.

    `axes` maps a given matrix's name to its leading axes, outermost first; matrices that have
    none may be left out. Raises InputError where they do not fit together.
    """
    stacks: dict = {}
    for stage in stages_of(root):
        stacks[stage.name] = _stack(stage, stacks, axes)
    if all(not stack.axes for stack in stacks.values()):
        return root
    rows: dict = {}
    for stack in (stacks[result.name] for result in roots_of(root)):
        outer, inner = (((),),) * (MOST_AXES - len(stack.axes)) + tuple(
            tuple((n,) for n in axis.numbers) for axis in stack.axes
        )
        for y, x in product(range(len(outer)), range(len(inner))):
            rows.setdefault(y, []).append(stack.members[outer[y] + inner[x]])
    return side_by_side(root.text, tuple(rows.values()))


def _stack(stage, stacks, axes):
    if not stage.operands:
        given = tuple(axes.get(stage.name, ()))
        return _Stack(given, {index: _member(stage, given, index) for index in _indices(given)})
    if stage.over_heads:
        return _joined(stage, stacks[stage.operands[0].stage.name])
    common = ()
    for operand in stage.operands:
        common = _common(common, stacks[operand.stage.name].axes, stage)
    members = {}
    for index in _indices(common):
        operands = [Operand(stacks[o.stage.name].at(index, common), o.transposed) for o in stage.operands]
        members[index] = _member(stage, common, index, operands)
    return _Stack(common, members)


def _joined(stage, stack):
    """The one stage that joins a stack over its heads, such as their sum."""
    (operand,) = stage.operands
    if not stack.axes or stack.axes[-1].name != HEAD_AXIS:
        raise InputError(f"{stage.text}: {operand.text} is one matrix; expected one of several heads")
    outer, heads = stack.axes[:-1], stack.axes[-1]
    members = {}
    for index in _indices(outer):
        operands = tuple(Operand(stack.members[*index, n], operand.transposed) for n in heads.numbers)
        members[index] = _member(stage.of_heads(operands), outer, index, operands)
    return _Stack(outer, members)


def _indices(axes):
    return product(*(axis.numbers for axis in axes))


def _member(stage, axes, index, operands=()):
    """The stage of the entry `index` of `axes`: `stage` by another name, made of `operands`."""
    made: dict[str, Any] = {"operands": tuple(operands)}
    if index:
        name = member_name(stage.name, index)
        text = stage.text if stage.operands and stage.name != stage.text else name
        made |= {"name": name, "text": text, "of": stage.name, "title": title(axes, index)}
    return dataclasses.replace(stage, **made) if operands or index else stage


def _common(first, second, stage):
    """The leading axes of a stage that is made of two stacks; that of the heads is last. Axes of the same
    name are one."""
    by_name = {axis.name: axis for axis in first}
    for axis in second:
        known = by_name.get(axis.name)
        by_name[axis.name] = _finer(known, axis, stage) if known else axis
    ordered = sorted(by_name.values(), key=lambda axis: axis.name == HEAD_AXIS)
    if len(ordered) > MOST_AXES:
        names = ", ".join(axis.name for axis in ordered)
        raise InputError(f"{stage.text}: has the leading axes {names}; the most is {MOST_AXES}")
    return tuple(ordered)


def _finer(a, b, stage):
    """Of two axes of the same name, the one with more entries. Either both have the same entries, or each
    entry of one is a group of entries of the other, as a key/value head serves a group of query heads. Raises
    InputError for other axes."""
    if a.each > b.each or (a.each == b.each and len(a.numbers) < len(b.numbers)):
        a, b = b, a
    if a.each < b.each:
        fits = {n * a.each // b.each for n in a.numbers} <= set(b.numbers)
    elif len(a.numbers) == len(b.numbers):
        # Entries that are only counted, 0, 1, 2 …, take the numbers of those that are numbered.
        if a.numbers != b.numbers and _counted(a):
            a, b = b, a
        fits = a.numbers == b.numbers or _counted(b)
    else:
        fits = len(b.numbers) == 1 or (_counted(a) and _counted(b) and len(a.numbers) % len(b.numbers) == 0)
    if not fits:
        raise InputError(
            f"{stage.text}: the {a.name}s {_listed(a)} and {_listed(b)} do not fit; expected the same ones, "
            "or a number of them that divides the other"
        )
    return a


def _counted(axis):
    return axis.numbers == tuple(range(len(axis.numbers)))


def _listed(axis):
    return ", ".join(map(str, axis.numbers[:12])) + (", …" if len(axis.numbers) > 12 else "")
