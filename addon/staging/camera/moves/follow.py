"""The camera goes along the chain."""

from ..setup import Setup
from ..shot import Shot
from .acts import acts_of, families_of, middle_of, phases_of, switches
from .still import still
from .stops import stop_at, through


def follow(s: Setup) -> Shot:
    """Along the chain. When one sweep ends and the next begins, both products are in the picture, so that the
    current one always is. The camera is drawn to the place where they meet."""
    acts = acts_of(s.p)
    if not acts:
        return still(s)
    families = [families_of(s.p, act.names) for act in acts]
    stops = [stop_at(s, s.first, families[0], drawn_to=middle_of(families[0], operands=True))]
    for n, frame in enumerate(switches(acts)):
        stops.append(stop_at(s, frame, families[n] + families[n + 1], drawn_to=middle_of(families[n])))
    stops.append(stop_at(s, acts[-1].end, families[-1], drawn_to=middle_of(families[-1])))
    phases = phases_of(s, acts)
    return through(s, stops, acts, families, [*phases[:-1], s.ending(phases[-1].start)])
