"""Labels that last: what stands alike in several phases of a film, one after the other, is one label, which
does not go and come again."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..staging.writing.lettering import LATE_KINDS, Label, Lettering, Stroke
from .film import PhaseLabels


@dataclass(eq=False)
class _Thing:
    """Labels that turn together, or a stroke, from the phase `first` until the frame `end`."""

    labels: tuple[Label, ...]
    strokes: tuple[Stroke, ...]
    first: int
    end: float = 0.0


def lasting(every: Sequence[PhaseLabels]) -> list[PhaseLabels]:
    """The labels of phases, in parts that come and go together. Labels of the spotlight stay apart in each
    phase, because they come with it."""
    things: list[_Thing] = []
    going: dict[Hashable, _Thing] = {}
    for n, one in enumerate(every):
        before, going = going, {}
        for key, thing in _things(one, n):
            if key in before:
                thing = before[key]
            else:
                things.append(thing)
            thing.end, going[key] = one.phase.end, thing
    together: dict[tuple[int, float], list[_Thing]] = {}
    for thing in things:
        together.setdefault((thing.first, thing.end), []).append(thing)
    return [
        PhaseLabels(replace(every[first].phase, end=end), _joined(some), every[first].view)
        for (first, end), some in together.items()
    ]


def _things(one: PhaseLabels, n: int) -> Iterator[tuple[Hashable, _Thing]]:
    """The things of phase n, each with what tells it from others."""
    groups: dict[int, list[Label]] = {}
    for label in one.lettering.labels:
        groups.setdefault(label.group, []).append(label)
    turned = _rounded(*one.view.right, *one.view.up)
    for labels in groups.values():
        own = tuple(
            (label.text, label.kind, label.align, label.plated)
            + _rounded(*label.position, *label.pivot, label.size, label.angle)
            for label in labels
        )
        late = any(label.kind in LATE_KINDS for label in labels)
        yield (n if late else -1, turned, own), _Thing(tuple(labels), (), n)
    for stroke in one.lettering.strokes:
        late = stroke.kind in LATE_KINDS
        place = _rounded(*stroke.start, *stroke.end, stroke.width)
        yield (n if late else -1, stroke.kind, place), _Thing((), (stroke,), n)


def _rounded(*numbers: float) -> tuple[float, ...]:
    return tuple(round(float(number), 5) for number in numbers)


def _joined(things: Sequence[_Thing]) -> Lettering:
    labels = tuple(label for thing in things for label in thing.labels)
    return Lettering(labels, tuple(stroke for thing in things for stroke in thing.strokes))
