"""The camera visits each product."""

from dataclasses import replace

from ..setup import Setup
from ..shot import Shot
from .acts import acts_of, families_of, phases_of, switches
from .still import still
from .stops import stop_at, through, whole

TRANSIT, TRANSIT_PART = 0.6, 0.35  # most seconds to leave or reach a product, most part of its sweep


def visit(s: Setup) -> Shot:
    """Each product while it is made, then everything. Between two products the camera draws back until both
    are in the picture, so that the current one always is."""
    acts = acts_of(s.p)
    if not acts:
        return still(s)
    families = [families_of(s.p, act.names) for act in acts]
    most = TRANSIT * s.p.scene.render.rate
    times = [min(most, TRANSIT_PART * (act.end - act.start)) for act in acts]
    stops = [stop_at(s, s.first, families[0])]
    for n, frame in enumerate(switches(acts)):
        stops.append(stop_at(s, frame - times[n], families[n], halt=True))
        stops.append(stop_at(s, frame, families[n] + families[n + 1]))
        stops.append(stop_at(s, frame + times[n + 1], families[n + 1], halt=True))
    leave, back = acts[-1].end - times[-1], min(s.last, acts[-1].end - times[-1] + 4 * most)
    stops.append(stop_at(s, leave, families[-1], halt=True))
    stops.append(whole(s, back))
    phases, change = phases_of(s, acts), 0.5 * (leave + back)
    phases[-1:] = [replace(phases[-1], end=change), s.ending(change)]
    return through(s, stops, acts, families, phases)
