"""Automatic beats, written from the structure of an expression and from its numbers.

The beats explain an attention head with one pair of tokens: the pair in the scene's spotlight, or the
strongest informative pair. They show its query and its key, their score, the score after mask and softmax,
and the part of the key's value that comes out. For every other result, the beat shows how it is written. All
numbers and tokens come from the data: a caption takes its numbers by name (`caption_numbers`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...attention import statistics
from ...attention.tokens import as_labels, places, told_apart
from ...description.scene import Beat
from ...kinds.stage import Operand, Stage, quote, roots_of, stages_of
from ..camera.views import PRODUCTS_SUFFIX, axis_of, is_oblique, sight_of
from ..spotlight import pointed_at
from ..timing.beats import EPILOGUE, SUMS
from ..writing.captions import labels_of
from ..writing.statements import printed

if TYPE_CHECKING:  # plans have beats
    from ..plan import Plan

LONGEST_CAPTION_TOKEN = 18  # letters of a token in a caption
LONGEST_ALONE = 8.0  # rows for each column of queries or keys: alone, longer ones look like their edge
LEAST_ATTENTION = 0.2  # of a token's attention; less is not informative
EDGEWISE_PART = 0.35  # of its area is seen, or less, of a matrix that is seen from its edge
HARDLY_LESS = 0.02  # of a token's attention
STRAIGHT = 0.97  # the cosine above which the camera looks straight at a matrix
MOST_BARS = 128  # products of a score that are shown one by one
MOST_STATEMENTS = 6  # results other than the head that get a beat each


def auto_beats(p: "Plan") -> tuple[Beat, ...]:
    """The automatic beats of a plan's film."""
    head = head_of(p)
    if head is not None:
        return _HeadTeller(p, head).beats()
    beats = _statements(p, [stage for stage in stages_of(p.root) if stage.operands])
    return tuple(beats or [Beat(say="")])


@dataclass(frozen=True, eq=False)
class Head:
    """A head of attention in an expression.

    It has its `pattern`, the product that makes its scores, and the product of pattern and values. `pair` is
    the query and the key that the beats use. `alike` are the patterns of all heads side by side, this one
    included."""

    pattern: Stage
    scores: Stage | None
    out: Stage | None
    pair: tuple[int, int]
    alike: tuple[Stage, ...]

    @property
    def values(self) -> Operand | None:
        return self.out.operands[1] if self.out else None


def head_of(p: "Plan") -> Head | None:
    """The head that a plan's film is about: of several heads, the one at which the scene's spotlight points,
    or else the one with the strongest pair. None if no stage is a softmax of scores, or there is no pair."""
    patterns = [stage for stage in stages_of(p.root) if p.is_star(stage) and _is_pattern(stage)]
    if not patterns:
        return None
    pointed = [lit for _, lit in pointed_at(p, p.scene.spotlight, "spotlight")]
    pointed = [lit for lit in pointed if lit.single and lit.stage in patterns]
    pair, pattern = _strongest_of(p, patterns)
    if pointed:
        pair, pattern = (pointed[0].rows[0], pointed[0].columns[0]), pointed[0].stage
    if pair is None:
        return None
    users = [s for s in stages_of(p.root) if s.has_interior and s.operands[0].stage is pattern]
    # Patterns that are made of each other run one after the other.
    apart = [s for s in patterns if s not in stages_of(pattern) and pattern not in stages_of(s)]
    alike = [s for s in patterns if s is pattern or s in apart]
    return Head(pattern, _scores_of(pattern), users[0] if users else None, pair, tuple(alike))


def _down_to_scores(pattern: Stage) -> list[Stage]:
    """A result, what it is made of step by step, and last the product that makes its scores, if there is
    one, or else a given matrix."""
    stages = [pattern]
    while not stages[-1].has_interior and stages[-1].operands:
        stages.append(stages[-1].operands[0].stage)
    return stages


def _scores_of(pattern: Stage) -> Stage | None:
    scores = _down_to_scores(pattern)[-1]
    return scores if scores.operands else None


def _is_pattern(stage: Stage) -> bool:
    """Whether a result is a softmax of scores, or what steps after one make of it."""
    return any(step.function == "softmax" for made in _down_to_scores(stage) for step in made.epilogue)


def _strongest_of(p, patterns):
    """The most informative pair of query and key in one of these patterns (None if there is none), and that
    pattern."""
    candidates = []
    for stage in patterns:
        pair = strongest(p, stage)
        tells = bool(pair and pair[2] >= LEAST_ATTENTION)
        pair = pair if tells else strongest(p, stage, anyhow=True)
        candidates.append((tells, pair[2] if pair else -1.0, pair, stage))
    *_, pair, pattern = max(candidates, key=lambda candidate: candidate[:2])
    return pair and pair[:2], pattern


def strongest(p: "Plan", pattern: Stage, anyhow: bool = False) -> tuple[int, int, float] | None:
    """(query, key, weight) of the most informative entry of a pattern, as `inspect` reports it, or None; one
    of words if its weight is HARDLY_LESS than that of signs. With `anyhow`, a token may also attend to itself
    or to a token on which heads rest."""
    values, (queries, keys) = p.evaluation[pattern], labels_of(p, pattern)
    allowed = values.existing
    offset = offset_of(queries, keys, values.shape)
    special = statistics.special(keys)
    if is_causal(allowed):
        special |= {0}  # without a special token, heads rest on the first
    if anyhow:
        offset, special = None, set()
    first = statistics.special(queries)
    best = statistics.strongest_pair(values.final, allowed, offset, first, special)
    signs = [
        {n for n, text in enumerate(texts) if not any(map(str.isalnum, text))} for texts in (queries, keys)
    ]
    of_words = statistics.strongest_pair(values.final, allowed, offset, first | signs[0], special | signs[1])
    return of_words if best and of_words and of_words[2] > best[2] - HARDLY_LESS else best


def offset_of(queries: Sequence[str], keys: Sequence[str], shape: tuple[int, int]) -> int | None:
    """The key that is the same token as query 0; None if queries and keys belong to different texts."""
    rows, columns = shape
    if queries or keys:
        ahead = len(keys) - len(queries)
        return ahead if ahead >= 0 and tuple(keys[ahead:]) == tuple(queries) else None
    return columns - rows if columns >= rows else None


def is_causal(allowed: np.ndarray) -> bool:
    """Whether no query may attend to a later key."""
    rows, columns = allowed.shape
    later = np.arange(columns) > np.arange(rows)[:, None] + max(columns - rows, 0)
    return bool(later.any()) and not (allowed & later).any()


class _HeadTeller:
    """Writes the beats of a film about one head."""

    def __init__(self, p: "Plan", head: Head):
        self.p, self.head = p, head
        self.labels = _labels(p, head, 0), _labels(p, head, 1)
        self.told: set[str] = set()  # the results that have run
        self.name = quote(head.pattern.name)
        self.spot = self.light(head.pattern, *head.pair)

    def beats(self) -> tuple[Beat, ...]:
        told = [*self.before(), *self.question(), *self.scores(), *self.weights()]
        mixed, summary = self.output(), self.summary()
        told += [*summary, *mixed, *self.after()]
        opened = next((beat.why for beat in told if beat.why), "")
        return *told[:-1], replace(told[-1], why=opened)  # the still answers too why this score is high

    # Words for tokens and numbers

    def token(self, axis: int, n: int) -> str:
        """A token in a caption: query n (axis 0) or key n (axis 1). A faint sign alone is in the quotation
        marks that it has beside a matrix: “'” is hard to read."""
        if not self.labels[axis]:
            return f"{('query', 'key')[axis]} {n}"
        labels = [label.strip("·") or label for label in self.labels[axis]]
        text, beside = told_apart(labels)[n], as_labels(labels)[n]
        if text != beside:
            return self.p.typeface.shown(beside)
        text = self.p.typeface.shown(text)
        text = text if len(text) <= LONGEST_CAPTION_TOKEN else text[: LONGEST_CAPTION_TOKEN - 1] + "…"
        return f"“{text}”".replace("{", "{{").replace("}", "}}")

    def entry(self, stage: Stage, row: int | None, column: int | None, of: str = "") -> str:
        """An entry, a row or a column of a stage, in the language of spotlights and of numbers."""
        labels = labels_of(self.p, stage)
        parts = [pointed(labels[n], place) for n, place in enumerate((row, column))]
        inside = parts[0] if parts[1] == ":" else ", ".join(parts)
        return f"{stage.name}{of}[{inside}]"

    def light(self, stage: Stage, row: int | None, column: int | None) -> str:
        """The spotlight on an entry, a row or a column of a stage; "" if the stage is left out."""
        return "" if self.p.is_unseen(stage) else self.entry(stage, row, column)

    def number(self, stage: Stage, row: int, column: int, digits: str = ".2f", of: str = "") -> str:
        return f"{{{self.entry(stage, row, column, of)}:{digits}}}"

    # The beats

    def before(self) -> list[Beat]:
        """How queries, keys and values are made."""
        head = self.head
        sides = [*(head.scores.operands if head.scores else ()), *([head.values] if head.values else [])]
        every = [side.stage for side in sides if side.stage.operands]
        self.told |= {s.name for stage in every for s in stages_of(stage) if s.operands}
        # A stage that is made of a pattern, as in a head that attends twice, is made later, with it.
        made = [stage for stage in every if not set(head.alike) & set(stages_of(stage))]
        if not made:
            return []
        names = list(dict.fromkeys(stage.of or stage.name for stage in made))
        makers = {s.name for stage in made for s in stages_of(stage) if s.operands}
        ours = [s for s in stages_of(self.p.root) if s.name in makers]
        run = dict.fromkeys(s.of or s.name for s in ours)
        products = dict.fromkeys((s.of or s.name) + PRODUCTS_SUFFIX for s in ours if s.has_interior)
        verb, show = "is" if len(names) == 1 else "are", ", ".join([*products, *names])
        return [
            Beat(say=f"{_listed(names)} {verb} made of what the layer reads.", show=show, run=", ".join(run))
        ]

    def question(self) -> list[Beat]:
        """The query and its keys."""
        head = self.head
        if head.scores is None:
            return []
        left, right = head.scores.operands
        both = f"{left.stage.name}, {right.stage.name}"
        query, key = head.pair
        asks, answers = self.sides(head.scores, query, key)
        who = self.token(0, query)
        which = self.which()
        shape = self.p.evaluation[self.head.pattern].shape
        is_one_text = not any(self.labels) or offset_of(*self.labels, shape) is not None
        every = "Each token" if is_one_text else "Each token of the other text"
        shapes = [self.p.evaluation[side.stage].shape for side in (left, right)]
        are_long = max(rows / columns for rows, columns in shapes) > LONGEST_ALONE
        if are_long or self.is_seen_from_its_edge(left):
            say = f"{which}{who} asks, with {self.part(left)}. {every} answers, with {self.part(right, 1)}."
            show = f"{head.scores.name}{PRODUCTS_SUFFIX}" if are_long else both
            return [Beat(say=say, show=show, spotlight=_together(asks, answers))]
        return [
            Beat(
                say=f"{which}{who} asks: its query is {self.part(left)}.",
                show=left.stage.name,
                spotlight=asks,
            ),
            Beat(
                say=f"{every} has a key, {self.part(right, 1)}{self.shared(right)}.",
                show=both,
                spotlight=_together(asks, answers),
            ),
        ]

    def which(self) -> str:
        """The head that is told, if there are several."""
        title = self.head.pattern.title
        return f"{title[:1].upper()}{title[1:]}: " if len(self.head.alike) > 1 and title else ""

    def scores(self) -> list[Beat]:
        """The scores, the dot products of queries and keys."""
        head = self.head
        if head.scores is None:
            return []
        ours = [made for made in map(_scores_of, head.alike) if made]
        self.told |= {s.name for s in ours}
        run = ", ".join(dict.fromkeys((s.of or s.name) + SUMS for s in ours))
        show = f"{head.scores.name}{PRODUCTS_SUFFIX}"
        beats = (
            []
            if self.gives_way
            else [Beat(say="Query times key scores each pair of tokens.", show=show, run=run)]
        )
        query, key = head.pair
        score = self.number(head.scores, query, key, ".1f", SUMS)
        many = next(iter(self.p.evaluation.sides(head.scores))).shape[1]
        drawn = any(cuboid.stage is head.scores for cuboid in self.p.arrangement.cuboids)
        opened = drawn and many <= MOST_BARS
        as_sum = f", from {many} products" if opened else ""
        # A score that is not seen is a product, which is lit with its two sides.
        lit = self.light(head.scores, query, key) or _together(*self.sides(head.scores, query, key))
        say = f"{self.token(0, query)} times {self.token(1, key)}: {score}{as_sum}."
        why = self.entry(head.scores, query, key) if opened else ""
        return [*beats, Beat(say=say, show=show, spotlight=lit, why=why)]

    @property
    def gives_way(self) -> bool:
        """Whether the scores are not seen, because the pattern stands in their place: both are made in one
        beat."""
        return bool(self.head.scores and self.p.is_unseen(self.head.scores))

    def weights(self) -> list[Beat]:
        """Scale, mask and softmax, and the weight of the pair."""
        head = self.head
        down = [stage for pattern in head.alike for stage in reversed(_down_to_scores(pattern))]
        made = [stage for stage in down if stage.epilogue or (stage.operands and not stage.has_interior)]
        self.told |= {s.name for s in made}
        ours = [scores for pattern in head.alike if self.gives_way and (scores := _scores_of(pattern))]
        run = dict.fromkeys(s.of or s.name for s in ours)
        run |= dict.fromkeys((s.of or s.name) + EPILOGUE * s.has_interior for s in made if s not in ours)
        said = "Query times key: scores. " * self.gives_way + self.changes(made) + self.masking()
        say = f"{said}Softmax: the weights of each row{self.total(made)}."
        beats = [Beat(say=say, show=self.steps(), run=", ".join(run))]
        query, key = head.pair
        weight = self.number(head.pattern, query, key)
        next_best = self.contrast(query, key)
        say = f"{self.token(0, query)} gives {self.token(1, key)} {weight} of its attention{next_best}."
        steps_out = self.presented()
        shows = "" if steps_out else self.steps()
        return [*beats, Beat(say=say, show=shows, spotlight=self.spot, present=steps_out)]

    def steps(self) -> str:
        """The matrices from queries and keys to the pattern, in the language of beats."""
        pattern, scores = self.head.pattern, self.head.scores
        made = [f"{scores.name}{PRODUCTS_SUFFIX}"] if scores else []
        return ", ".join([*made, *([pattern.name] if pattern is not scores else [])])

    def changes(self, made: Sequence[Stage]) -> str:
        """Sentences about what happens to the scores before they are masked, in the stages `made`, or ""."""
        capped = any(step.function == "tanh" for stage in made for step in stage.epilogue)
        added = any(
            stage.made_by == "+" and any(not o.stage.operands for o in stage.operands) for stage in made
        )
        return "Large scores are capped. " * capped + "A bias is added. " * added

    def masking(self) -> str:
        """A sentence about the entries that the mask hides, or ""."""
        values = self.p.evaluation[self.head.pattern]
        if values.mask is None or values.mask.all():
            return ""
        if not is_causal(values.mask):
            return "Masked pairs have no weight. "
        rows, columns = values.mask.shape
        earlier = np.tri(rows, columns, columns - rows, dtype=bool)
        also = "" if values.mask[earlier].all() else ", and tokens too far back"
        return f"Later tokens are masked{also}. "

    def total(self, made: Sequence[Stage]) -> str:
        """What the weights of a row add up to: 1, unless a sink, a given column of scores, takes a part."""
        values = self.p.evaluation[self.head.pattern].final
        if np.allclose(values.sum(axis=1), 1.0, atol=1e-6):
            return " add up to 1"
        joined = [o.stage for stage in made if stage.made_by == "concat" for o in stage.operands]
        sinks = [s for s in joined if not s.operands and self.p.evaluation[s].shape[1] == 1]
        return " and of its sink add up to 1" if sinks else " add up to at most 1"

    def contrast(self, query: int, key: int) -> str:
        """A phrase about the weight of the next best key, for comparison."""
        values = self.p.evaluation[self.head.pattern]
        others = np.where(values.existing[query], values.final[query], -1.0)
        weight, others[key] = others[key], -1.0
        best = int(others.argmax())
        if others[best] < 0.005:  # it would be written as 0.00
            return ""
        following = "" if others[best] > weight else "next "
        return f", {following}{self.token(1, best)} {self.number(self.head.pattern, query, best)}"

    def output(self) -> list[Beat]:
        """The values that the weights mix."""
        head, values = self.head, self.head.values
        if head.out is None or values is None:
            return []
        ours = [s for s in stages_of(self.p.root) if s.has_interior and s.operands[0].stage in head.alike]
        self.told |= {s.name for s in ours}
        run = ", ".join(dict.fromkeys(s.of or s.name for s in ours))
        name = self.name_of(head.out)
        mix = Beat(say=f"The weights mix the values, {self.part(values, many=True)}, into {name}.", run=run)
        query, key = head.pair
        weight = self.number(head.pattern, query, key)
        row = self.token(0, query) if self.labels[0] else str(query)
        say = f"{weight} of the value of {self.token(1, key)} goes into row {row} of {name}."
        lit = _together(self.spot, self.row_of(values, key), self.light(head.out, query, None))
        return [mix, Beat(say=say, spotlight=lit)]

    def after(self) -> list[Beat]:
        """The results after the head, as they are written."""
        rest = [s for s in stages_of(self.p.root) if s.operands and s.name not in self.told]
        return _statements(self.p, rest, self.head.out or self.head.pattern)

    def summary(self) -> list[Beat]:
        """What the head does on average, with its whole pattern."""
        say = self.average()
        if not say:
            return []
        if self.head.out is None:  # the film ends with all heads
            return [Beat(say=say, spotlight=self.spot)]
        lit = "" if self.p.is_unseen(self.head.pattern) else self.head.pattern.name
        steps_out = self.presented()
        return [Beat(say=say, show="" if steps_out else self.steps(), spotlight=lit, present=steps_out)]

    def average(self) -> str:
        """A sentence about what the head does, by the measures of `inspect`."""
        pattern = self.head.pattern
        values, (queries, keys) = self.p.evaluation[pattern], self.labels
        allowed, offset = values.existing, offset_of(queries, keys, values.shape)
        shares = [
            (statistics.to_previous(values.final, allowed, offset), "a token", "to the one before it"),
            (statistics.to_itself(values.final, allowed, offset), "a token", "to itself"),
            (
                statistics.to_what_followed(values.final, allowed, queries, keys),
                "a token that was there before",
                "to what followed it then",
            ),
            (statistics.to_first(values.final, allowed), "a token", f"to the first one, {self.token(1, 0)}"),
        ]
        share, who, what = max(shares, key=lambda scored: np.nan_to_num(scored[0], nan=-1.0))
        if not share >= statistics.PLAIN_SCORE:
            return ""
        which = self.which()
        return f"{which}{'o' if which else 'O'}n average {who} gives {share:.2f} of its attention {what}."

    # Used by several beats

    def row_of(self, operand: Operand, n: int, columns: bool = False) -> str:
        """The spotlight on row n of an operand as it is used, or on its column n."""
        across = columns != operand.transposed
        row, column = (None, n) if across else (n, None)
        return self.light(operand.stage, row, column)

    def sides(self, scores: Stage, query: int, key: int) -> tuple[str, str]:
        """The spotlights on the query and on the key of a score, each a row of what it stands in."""
        left, right = scores.operands
        return self.row_of(left, query), self.row_of(right, key, columns=True)

    def presented(self) -> str:
        """The name of the pattern if it steps out to be read; "" if it is one of several or not in the
        picture. Where queries or keys are made, the camera stands near the pattern, so it stays if it faces
        the camera."""
        pattern, scores = self.head.pattern, self.head.scores
        if len(self.head.alike) > 1 or self.p.is_unseen(pattern):
            return ""
        is_near = scores and any(side.stage.operands for side in scores.operands)
        return "" if is_near and self.is_read() else pattern.name

    def is_read(self) -> bool:
        """Whether the camera looks straight at the pattern."""
        away = axis_of(self.p)
        planes = [part for part in self.p.arrangement.planes if part.stage is self.head.pattern]
        return all(abs(plane.outward @ away) > STRAIGHT * np.linalg.norm(away) for plane in planes)

    def is_seen_from_its_edge(self, operand: Operand) -> bool:
        """Whether a matrix is seen so, by a camera that does not turn towards it."""
        if not is_oblique(self.p.scene):
            return False
        sight = sight_of(self.p)[:2]
        planes = [part for part in self.p.arrangement.planes if part.stage is operand.stage]
        sides = [(sight @ plane.row, sight @ plane.column) for plane in planes]
        return any(abs(a[0] * b[1] - a[1] * b[0]) < EDGEWISE_PART for a, b in sides)

    def name_of(self, stage: Stage) -> str:
        name = stage.of or stage.name
        name = printed(self.p, stage) if stage.operands and name == stage.text else name
        return name.replace("{", "{{").replace("}", "}}")

    def part(self, operand: Operand, axis: int = 0, many: bool = False) -> str:
        """A row (axis 0) or column of an operand as it is drawn: "a row of Q", "a column of Kᵀ"."""
        planes = [part for part in self.p.arrangement.planes if part.stage is operand.stage]
        turned = planes[0].transposed if planes else operand.transposed
        name = f"{self.name_of(operand.stage)}{'ᵀ' * turned}"
        what = ("row", "column")[axis != (turned != operand.transposed)]
        return f"{what}s of {name}" if many else f"a {what} of {name}"

    def shared(self, operand: Operand) -> str:
        """A phrase about how many heads share the keys, if they do."""
        users = [s for s in stages_of(self.p.root) if any(o.stage is operand.stage for o in s.operands)]
        alone = len(self.head.alike) < 2  # only one head of the model is drawn
        sharing = max((matrix.heads_a_key for matrix in self.p.given.values()), default=1)
        count = sharing if alone else len(users)
        return f", shared by {count} heads" if count > 1 else ""


def _labels(p, head, axis):
    """The tokens of the queries (axis 0) or keys (axis 1), from the pattern or else from the scores."""
    labels = labels_of(p, head.pattern)[axis]
    if labels or head.scores is None:
        return labels
    of_scores = labels_of(p, head.scores)[axis]
    return of_scores if len(of_scores) == p.evaluation[head.pattern].shape[axis] else ()


def _together(*spotlights: str) -> str:
    return "; ".join(filter(None, spotlights))


def pointed(labels: Sequence[str], n: int | None) -> str:
    """A row or column in the language of staging.selections: by its token if it has one."""
    if n is None:
        return ":"
    if not labels:
        return str(n)
    text = labels[n]
    spots = places(text, labels)
    if n not in spots:
        return str(n)
    nth = spots.index(n) + 1
    if text.isalpha() and len(spots) == 1:
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"' + (f"#{nth}" if nth > 1 else "")


def _statements(p, stages, of=None):
    """A beat for each of these results, or only for the last ones if there are many. Of a stack of heads, the
    beat shows the result that is made `of` a stage."""
    names = list(dict.fromkeys(stage.of or stage.name for stage in stages))
    ours = [stage for stage in stages if of in stages_of(stage)]
    by_name = {(stage.of or stage.name): stage for stage in (*stages, *ours)}
    roots = {stage.name for stage in roots_of(p.root)}
    if len(names) > MOST_STATEMENTS:
        first, names = names[: 1 - MOST_STATEMENTS], names[1 - MOST_STATEMENTS :]
        beats = [Beat(say=f"{_listed(first)} come first.", run=", ".join(first))]
    else:
        beats = []
    for name in names:
        stage = by_name[name]
        show = f"{stage.name}{PRODUCTS_SUFFIX}" if stage.has_interior and stage.name not in roots else ""
        said = printed(p, stage).replace("{", "{{").replace("}", "}}")
        beats.append(Beat(say=f"{said}.", show=show, run=name))
    return beats


def _listed(names):
    names = [name.replace("{", "{{").replace("}", "}}") for name in names]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
