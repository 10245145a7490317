"""Beats as markers of the timeline, named by their number and text."""

import json
from collections.abc import Sequence

import bpy

from ..staging.beats.told import TimedBeat
from . import tags

MOST_NAME_BYTES = 63  # bytes of a marker's name


def write_markers(beats: Sequence[TimedBeat], target: bpy.types.Scene) -> None:
    """Mark the begin of each beat, in place of the markers of an earlier build. A person's own markers stay,
    and so do those of ours that were moved or renamed. Markers can carry no tag, so the scene lists ours."""
    markers = target.timeline_markers
    listed = tags.told(target, tags.MARKERS, [])
    for marker in [one for one in markers if [one.name, one.frame] in listed]:
        markers.remove(marker)
    made = [(_name(beat), round(beat.start)) for beat in beats]
    for name, frame in made:
        markers.new(name, frame=frame)
    if made:
        target[tags.MARKERS] = json.dumps(made)
    elif tags.MARKERS in target:
        del target[tags.MARKERS]


def _name(beat):
    name = f"{beat.number} {beat.text or beat.beat.show or beat.beat.run}".rstrip()
    return name.encode()[:MOST_NAME_BYTES].decode(errors="ignore")
