"""Readouts: matrices that are shown once more, flat beside the scene, with labels on both axes.

This module chooses them: those that the description names, or by default the stars that cannot be read where
they stand. `picture.beside` decides their places on the picture.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..attention.tokens import as_labels
from ..errors import InputError, nearest
from ..kinds.places import Plane
from .camera.framing import View
from .camera.seen_planes import SeenPlanes
from .camera.views import INSIDE, PRODUCTS_SUFFIX, names_of, sight_of
from .pooling import pitches
from .pose import FRONTAL
from .star import is_among
from .star import stars_of as star_names
from .writing.captions import labels_of

if TYPE_CHECKING:  # plans check what is named
    from .plan import Plan
    from .writing.lettering import Lettering

AUTO, OFF = "auto", "off"
LEAST_PITCH = 9.0 / 720.0  # the least distance of two legible entries, in heights of the picture
UNCOVERED = 0.6  # the least part of a star that must be uncovered
MOST_READOUTS = 4  # the most automatic readouts
REACH = 0.16  # the most heights of the picture from a star to the labels of its axes


def named(p: "Plan") -> list[Plane]:
    """The planes of the matrices that a description names as readouts, in its order. Raises InputError for a
    matrix that is not drawn."""
    asked = p.scene.readout
    names = [part.strip() for part in asked.split(";")] if isinstance(asked, str) else asked
    if asked in (AUTO, OFF, ""):
        return []
    planes = drawn_once(p)
    known, named = names_of([plane.stage for plane in planes]), []
    for name in names:
        if name not in known:
            hint = nearest(name, [AUTO, OFF, *known], "names")
            raise InputError(f'readout: nothing is named "{name}"; {hint}')
        named += [plane for plane in planes if name in (plane.stage.name, plane.stage.of)]
    return list(dict.fromkeys(named))


def drawn_once(p: "Plan") -> list[Plane]:
    """The drawn planes; for each matrix only the first."""
    return list({plane.stage.name: plane for plane in p.arrangement.seen[::-1]}.values())[::-1]


def stars_of(p: "Plan") -> list[Plane]:
    """The planes of a description's stars. With mm's own layout and view, only a named star counts."""
    ours = p.stars or p.description.layout.scheme in ("auto", "stage")
    stars = star_names(p.root, p.scene.star) if ours else ()
    return [plane for plane in drawn_once(p) if is_among(plane.stage, stars)]


def wanted(p: "Plan") -> list[Plane]:
    """The planes with readouts wherever the camera stands: those that a description names, or else the stars
    that are turned away from the camera."""
    if p.scene.camera.view in INSIDE:
        return []
    stars = chosen_stars(p)
    return named(p) or (stars if turned_away(p, stars) else [])


def chosen_stars(p: "Plan") -> list[Plane]:
    """The stars for automatic readouts, at most MOST_READOUTS: first those in the spotlight or in the
    camera's subject. None if the description says which readouts there are."""
    if p.scene.readout != AUTO:
        return []
    subject = p.scene.camera.subject.removesuffix(PRODUCTS_SUFFIX)
    lit = p.spotlight.spots if p.spotlight else {}
    first = [
        star for star in stars_of(p) if star.stage.name in lit or subject in (star.stage.name, star.stage.of)
    ]
    subjects = [star for star in first if star.stage.name == subject]
    return (subjects or first or stars_of(p))[:MOST_READOUTS]


def turned_away(p: "Plan", stars: Sequence[Plane], sight: np.ndarray | None = None) -> bool:
    """Whether a star faces the camera too little to be read, or is covered. The camera is that of the
    description, or one whose `sight` (3, 3) projects points to its picture."""
    planes = p.arrangement.seen
    if not stars:  # perhaps nothing is in the picture
        return False
    seen = SeenPlanes(planes, sight_of(p) if sight is None else sight)
    return any(
        seen.facing[planes.index(star)] < FRONTAL or seen.part_uncovered(planes.index(star)) < UNCOVERED
        for star in stars
    )


def too_small(stars: Sequence[Plane], view: View, aspect: float) -> bool:
    """Whether entries of a star are too close to each other in a view."""
    return any(min(pitches(star, view, (aspect, 1.0))) < LEAST_PITCH for star in stars)


def unlabelled(p: "Plan", stars: Sequence[Plane], view: View, aspect: float, letters: "Lettering") -> bool:
    """Whether some labels of the stars' axes are written at none of the stars."""
    texts = {text for star in stars for axis in labels_of(p, star.stage) for text in as_labels(axis)}
    if not texts or not p.scene.look.labels:
        return False
    size = np.array([0.5 * aspect, 0.5])
    written = set()
    for star in stars:
        quad = view.project(star.corners()) * size
        low, high = quad.min(axis=0) - REACH, quad.max(axis=0) + REACH
        for label in letters.labels:
            x, y = view.project(label.position[None])[0] * size
            if label.kind == "token" and low[0] <= x <= high[0] and low[1] <= y <= high[1]:
                written.add(label.text)
    return bool({p.typeface.shown(text) for text in texts if len(text) < 8} - written)
