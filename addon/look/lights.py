"""Rigs: which lamps stand around a scene, as data. `blender.studio` sets them up, sized to the scene.

A lamp's place is measured from the middle of the scene in the camera's directions (right, up, towards the
camera). Its place, width and height are in sizes of the scene, which is 1 across. Its strength is relative to
the studio's key light.
"""

import math
from dataclasses import dataclass, replace

from ..description.light import LampOptions, Light
from .srgb import linear


@dataclass(frozen=True)
class Lamp:
    name: str
    strength: float
    place: tuple[float, float, float]
    width: float
    color: tuple[float, float, float]  # linear
    height: float = 0.0  # of a rectangle; 0: a disk


@dataclass(frozen=True)
class Rig:
    """Lamps, and light from all around of strength `world`; `sky` adds Blender's sky and a sun."""

    about: str
    lamps: tuple[Lamp, ...] = ()
    sky: bool = False
    world: float = 1.0


WARM, COOL, WHITE = (1.0, 0.955, 0.90), (0.80, 0.88, 1.0), (1.0, 1.0, 1.0)

RIGS = {
    "studio": Rig(
        "key light from the upper left, a broad fill, and a rim from behind",
        (
            Lamp("Key", 1.0, (-0.55, 0.75, 0.45), 0.5, WARM),
            Lamp("Fill", 0.22, (0.9, 0.25, 0.5), 0.9, COOL),
            Lamp("Rim", 0.45, (0.15, 0.55, -0.75), 0.45, COOL),
        ),
    ),
    "softbox": Rig(
        "one very large light overhead and a white card in front: hardly a shadow",
        (
            Lamp("Ceiling", 0.95, (-0.1, 0.95, 0.1), 1.6, WHITE, height=1.1),
            Lamp("Card", 0.3, (0.1, 0.15, 1.1), 1.2, WHITE, height=0.8),
        ),
    ),
    "sun": Rig("sun from the upper left and a blue sky", sky=True),
    "dark": Rig(
        "nearly nothing, so that what glows can be seen",
        (Lamp("Rim", 0.18, (0.15, 0.6, -0.75), 0.5, COOL),),
        world=0.15,
    ),
    "environment": Rig("no lamps: only the picture that is the scene's environment"),
}


def lamps_of(rig: Rig, light: Light) -> tuple[Lamp, ...]:
    """The lamps of a rig with a scene's [light]. A lamp that the scene sets and the rig lacks is the
    studio's."""
    lamps = {lamp.name: lamp for lamp in rig.lamps}
    studio = {lamp.name: lamp for lamp in RIGS["studio"].lamps}
    for name, said in (("Key", light.key), ("Fill", light.fill), ("Rim", light.rim)):
        if said != LampOptions():
            lamps[name] = _as_said(lamps.get(name, studio[name]), said)
    return tuple(lamps.values())


def direction(place: tuple[float, float, float]) -> tuple[float, float]:
    """(azimuth, elevation) of a place, in radians, as LampOptions has them in degrees."""
    right, up, back = place
    return math.atan2(right, back), math.asin(up / math.hypot(*place))


def place_at(azimuth: float, elevation: float, distance: float = 1.0) -> tuple[float, float, float]:
    """The place (right, up, towards the camera) in a direction, in radians; the inverse of `direction`."""
    across = distance * math.cos(elevation)
    return across * math.sin(azimuth), distance * math.sin(elevation), across * math.cos(azimuth)


def _as_said(lamp: Lamp, said: LampOptions) -> Lamp:
    """A lamp as a scene sets it. The lamp stays at its distance from the scene."""
    azimuth, elevation = direction(lamp.place)
    azimuth = azimuth if said.azimuth is None else math.radians(said.azimuth)
    elevation = elevation if said.elevation is None else math.radians(said.elevation)
    return replace(
        lamp,
        strength=lamp.strength if said.strength is None else said.strength,
        color=lamp.color if said.color is None else linear(said.color),
        width=lamp.width if said.size is None else said.size,
        height=lamp.height if said.size is None else said.size * lamp.height / lamp.width,
        place=place_at(azimuth, elevation, math.hypot(*lamp.place)),
    )
