"""The words beside matrices: names, shapes, axis titles, token labels.

Labels face the camera; they are laid out for the direction in which it begins.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...attention.patches import CutPicture
from ...attention.tokens import as_labels
from ...kinds.places import READING, Part, Plane
from ...kinds.stage import Stage, roots_of, stages_of
from ...look.typeface import LONGEST_LINE, escaped
from .. import pooling
from ..layout.fans import Fan, fans
from ..scales import MASKING

if TYPE_CHECKING:  # highlights need the labels of axes, and plans need highlights
    from ..plan import Plan

MANY_HEADS = 4  # heads side by side that all tell the names of their matrices
MOST_NUMBERED = 32  # entries of an axis without labels, of a star, that are numbered
MANY_NAMES = 12  # matrices of a picture about one of them: of more, only those with a name have it
# What steps of an epilogue are called, where not by the name of their function.
EPILOGUE_WORDS = dict.fromkeys(("multiply", "divide"), "scaling") | dict.fromkeys(MASKING, "masking")
LONGEST_TEXT = 12  # characters of an expression that may serve as a name
SCORES = "scores"  # what a softmax is made of


def name_of(
    p: Any,
    plane: Plane,
    longest: float | None = None,
    unfinished: Collection[str] = (),
    *,
    shared: bool = True,
) -> tuple[str, str, str]:
    """The text at a matrix: its name, or that of its sums if it is `unfinished`, a raised "T" if it is drawn
    transposed, and its shape as it is drawn: that of Kᵀ, not of K, and the results that have a `shared`
    one. A label may say something else."""
    is_sums = plane.stage.name in unfinished
    name = p.typeface.shown(SCORES if is_sums else _as_term(p, plane), longest)
    rows, columns = plane.as_labelled(plane.rows, plane.columns)
    by = _shared_by(p, plane.stage) if shared else ""
    shape = p.typeface.shown(_label_of(p, plane.stage)[1]) or f"{rows} × {columns}{by and ', '}{by}"
    return name, "T" if plane.transposed else "", shape


def _label_of(p, stage):
    """(what is written instead of a matrix's name, and instead of its shape): the two lines of its label."""
    name, _, under = stage.options(p.scene).label[:LONGEST_LINE].partition("\n")
    return name, under


def has_scores(stage: Stage) -> bool:
    """Whether the sums of a product are scores, which are no weights until softmax has run."""
    return stage.has_interior and any(step.function == "softmax" for step in stage.epilogue)


def scores_until(p: Any, stage: Stage) -> float:
    """The frame of a film until which a matrix is called scores: softmax is half through then. 0 if it never
    is."""
    move = p.timeline.moves.get(stage.name)
    return 0.5 * (move.begins + move.finished) if move and move.finished > 1.0 and has_scores(stage) else 0.0


def _shared_by(p, stage):
    """The results side by side that share a matrix, such as "heads 0, 1"; "" if none do, or all in a row.
    Where results stand around what they share, also the one that a matrix is of."""
    if stage.of not in {s.of for root in roots_of(p.root) for s in stages_of(root)} - {""}:
        return ""
    for fan in (fan for fan in _fans(p) if len(fan.roots) > 1):
        words = [root.title.rpartition(" ") for root in fan.roots if stage in stages_of(root)]
        by_all = len(words) == len(fan.roots) and (fan.down or len(_fans(p)) > 1)
        if by_all or (words and fan.down):
            return f"{words[0][0]}{'s' * (len(words) > 1)} {', '.join(number for _, _, number in words)}"
    return ""


def _fans(p):
    rows = p.root.rows_of_results
    return [fan for row in rows for fan in fans(row)] if len(roots_of(p.root)) > 1 else []


def named(p: Any, near: Any = "") -> list[Plane]:
    """The planes that have a name. Of many heads just alike (see `_alike`) only one head has names: the head
    to which the matrix `near` belongs, or else the first."""
    repeated = set()
    for roots in _alike(p):
        told = next((root for root in roots if near in {s.name for s in stages_of(root)}), roots[0])
        repeated |= {s for root in roots for s in set(stages_of(root)) - set(stages_of(told))}
    planes = [plane for plane in p.arrangement.planes if plane.stage not in repeated]
    if p.star and len(planes) > MANY_NAMES:  # the expression names what it does not call anything
        planes = [
            plane for plane in planes if not plane.stage.operands or plane.stage.name != plane.stage.text
        ]
    return planes


def without_titles(p: Any, planes: Sequence[Plane]) -> list[Plane]:
    """Those of the planes that need a name: panels of several heads have the titles of these instead."""
    heads = Counter(plane.stage.of for plane in planes if p.panels and plane.stage.title)
    return [plane for plane in planes if heads[plane.stage.of] < 2]


def below(p: Any, near: Any = "") -> set[Stage]:
    """The stages of results that stand under another one just like them, or under that of the matrix `near`.
    They have names, but their tokens are written above."""
    lower: set[Stage] = set()
    for fan in (fan for fan in _fans(p) if fan.down):
        told = next((root for root in fan.roots if near in {s.name for s in stages_of(root)}), fan.roots[0])
        lower |= {s for root in fan.roots for s in set(stages_of(root)) - set(stages_of(told))}
    return lower


def _alike(p):
    """Groups of more than MANY_HEADS heads that stand side by side: only one head of a group has the names of
    the matrices that make it."""
    by_name: dict[str, list[Stage]] = {}
    for root in roots_of(p.root):
        by_name.setdefault(root.of, []).append(root)
    beside: list[Sequence[Stage]] = [*(fan.roots for fan in _summed(p)), *by_name.values()]
    many = [roots for roots in beside if len(roots) > MANY_HEADS and roots[0].of]
    return many


@dataclass(frozen=True, eq=False)
class Titled:
    """A result with a title: the title, the result's name, and the corners (n, 3) of everything that makes
    it."""

    title: str
    name: str
    corners: np.ndarray


def titled(p: "Plan") -> Iterator[tuple[list[Titled], bool]]:
    """The results that have titles, in groups that stand beside each other, each with whether it runs down
    the picture. These are the results of a grid, or the heads of a sum or concatenation of all heads."""
    shared = [fan for fan in _fans(p) if len(fan.roots) > 1]
    alone = [root for fan in _fans(p) if len(fan.roots) == 1 for root in fan.roots]
    shared = [fan for fan in shared if not (fan.down and p.star)]  # their stars say whose they are
    for group in shared + ([Fan(tuple(alone))] if alone else []) + _summed(p):
        titles = []
        for root in group.roots:
            makers = {s.name for s in stages_of(root)}
            parts: list[Part] = [
                part for part in p.arrangement.seen if part.consumer in makers or part.stage is root
            ]
            if p.scene.look.settled_scale > 0.0:  # products that stay
                parts += [c for c in p.arrangement.cuboids if c.stage.name in makers and not c.unseen]
            if root.title and parts:
                corners = np.concatenate([part.corners() for part in parts])
                titles.append(Titled(root.title, root.name, corners))
        if titles:
            first, last = (titles[n].corners.mean(axis=0) for n in (0, -1))
            yield titles, group.down or bool(abs(last - first).argmax() == 2)


def _summed(p):
    """The heads whose sum or concatenation is drawn."""
    joined = [s for s in stages_of(p.root) if len({o.stage for o in s.operands}) > 1 and not s.has_interior]
    return [
        Fan(tuple(o.stage for o in sheet.operands))
        for sheet in joined
        if len({o.stage.of for o in sheet.operands}) == 1
    ]


def _as_term(p, plane):
    """The title of a matrix. A term of a sum has its sign, as on paper: x, + b, = out."""
    title = title_of(p, plane.stage)
    if plane.role == "operand":
        sheet = next(other.stage for other in p.arrangement.planes if other.stage.name == plane.consumer)
        terms = [o for o in p.arrangement.planes if o.role == "operand" and o.consumer == sheet.name]
        if sheet.commutes:
            first = min(terms, key=lambda term: (not term.unseen, term.origin @ READING))
        else:
            first = terms[-1] if terms[0].stage is sheet.operands[-1].stage else terms[0]
        if sheet.sign and plane is not first:
            return f"{sheet.sign} {title}"
    return title


def title_of(p: Any, stage: Stage) -> str:
    """The name of a matrix on the picture: its label, its name, or (instead of a long name) what made it."""
    label, _ = _label_of(p, stage)
    name = stage.of or stage.name  # the number of its head is told once, under all that belongs to it
    if label or not stage.operands or stage.name != stage.text or len(name) <= LONGEST_TEXT:
        return label or name
    return stage.epilogue[-1].function if stage.epilogue else stage.made_by


@dataclass(frozen=True, eq=False)
class LabelledAxis:
    """An axis that matrices share: its title ("" if unknown), the texts of its entries, if any, and the
    matrices as (plane, whether their rows have the axis)."""

    title: str
    texts: tuple[str, ...]
    sides: list[tuple[Plane, bool]]


def axes_of(p: Any, planes: Iterable[Plane], longest: float | None = None) -> list[LabelledAxis]:
    """The axes of matrices. Matrices with the same axis in the same direction have it together."""
    by_title: dict[tuple, LabelledAxis] = {}
    for plane in planes:
        names, labels = axis_names_of(p, plane.stage), _labels_or_numbers(p, plane)
        for name, texts, of_rows in zip(names, labels, (True, False), strict=True):
            along, ruler = (plane.row, plane.row_ruler) if of_rows else (plane.column, plane.column_ruler)
            # Tokens need to be told once; a title without them, of each row of matrices that has it.
            key = (texts or (name, ruler.count, round(plane.origin @ along, 3)), tuple(np.round(along, 6)))
            if texts or name:
                shown = tuple(p.typeface.shown(text, longest) for text in as_labels(texts))
                axis = by_title.setdefault(key, LabelledAxis(p.typeface.shown(name), shown, []))
                axis.sides.append((plane, of_rows))
    return list(by_title.values())


def _labels_or_numbers(p, plane):
    """The labels of a plane's axes. The entries of a star without labels are numbered, as in a heat map."""
    labels, counts = labels_of(p, plane.stage), (plane.rows, plane.columns)
    if not p.is_star(plane.stage):
        return labels
    numbers = [tuple(map(str, range(n))) if 1 < n <= MOST_NUMBERED else () for n in counts]
    return tuple(labelled or n for labelled, n in zip(labels, numbers, strict=True))


def ends_of_lines(
    plane: Plane, of_rows: bool, beyond: float, strips: tuple[float, float] = (0.0, 0.0)
) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the lines through each entry of an axis, along its row or column: (n, 3) on each side. They
    are `beyond` the matrix, and beyond the `strips` beside it."""
    sides = (plane.row, plane.row_ruler), (plane.column, plane.column_ruler)
    (along, ruler), (across, other) = sides if of_rows else sides[::-1]
    entries = plane.origin + np.outer(ruler.at(np.arange(ruler.count)), along)
    low, high = (beyond + strip for strip in strips)
    return entries - across * low, entries + across * (other.length + high)


def labels_of(p: Any, stage: Stage) -> tuple[Sequence[str], Sequence[str]]:
    """(row labels, column labels) of a stage: its own, or those that its operands hand on."""
    return _handed_on(p, stage, "labels", lambda labels, ends: labels[slice(*ends)], ())


def pictures_of(p: Any, stage: Stage) -> tuple[CutPicture | None, CutPicture | None]:
    """The pictures whose patches the rows and the columns of a stage are, by their labels."""
    return _handed_on(p, stage, "picture", lambda picture, _ends: picture, None)


def axis_names_of(p: Any, stage: Stage) -> tuple[str, str]:
    """The titles of a stage's rows and columns, such as ("query", "key"); "" if unknown."""
    rows, columns = _handed_on(p, stage, "axis", lambda name, _ends: name, "")
    # Queries, keys and values may be made of one input; what queries are compared with, and mix, are keys.
    made = [s for s in stages_of(p.evaluation.root) if s.has_interior]
    if rows == "query" and any(s.operands[1].stage is stage for s in made):
        return "key", columns
    return (rows, "key") if rows == columns == "query" else (rows, columns)


def _handed_on(p, stage, what, part, nothing):
    """`what` is known of the rows and of the columns of a stage: "labels", "picture" or "axis". A given
    matrix has its own; another stage has that of the first operand with the same dimension. `part(property,
    ends)` is what a slice keeps."""
    if not stage.operands:
        return tuple(getattr(p.matrices[stage.name], f"{side}_{what}") for side in ("row", "column"))
    sides = [o.turned(_handed_on(p, o.stage, what, part, nothing)) for o in stage.operands]
    shapes = [values.shape for values in p.evaluation.sides(stage)]
    return stage.handed_on(sides, shapes, part, nothing)


def notes(p: Any) -> list[str]:
    """The notes about things that the picture leaves out in every view, for its corner."""
    told = pooling.notes(p.arrangement.seen, p.seen_pools) + pooling.hairs(p.scene, p.arrangement)
    texts = {text for m in p.matrices.values() for text in (*m.row_labels, *m.column_labels)}
    unseen = sum(escaped(p.typeface.shown(text), text) for text in texts)
    if unseen:
        told.append(f"signs without a glyph are written as their numbers in {unseen} of the labels")
    least = p.scene.look.product_threshold
    if least and p.interiors:
        told.append(f"products up to {100 * least:.3g} % of full colour are left out")
    return told
