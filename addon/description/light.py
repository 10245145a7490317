"""Lamps that a scene sets itself. A value that is None stays as in the lamp rig of the style."""

from dataclasses import dataclass

from .option import LIGHT, option
from .style import Color


@dataclass(frozen=True)
class LampOptions:
    """One lamp. `strength` is relative to the key light of the style "studio"; `size` is the lamp's width, in
    sizes of the scene. The angles are in degrees and relative to the camera: `azimuth` 0 is at the camera, 90
    at its right, 180 behind the scene; `elevation` 90 is straight above."""

    strength: float | None = option(None, low=0.0, high=100.0, changes=LIGHT)
    color: Color | None = option(None, changes=LIGHT)
    size: float | None = option(None, low=0.01, high=10.0, changes=LIGHT)
    azimuth: float | None = option(None, low=-360.0, high=360.0, changes=LIGHT)
    elevation: float | None = option(None, low=-90.0, high=90.0, changes=LIGHT)


@dataclass(frozen=True)
class Light:
    """The lamps of a scene: the `key` that models it, the `fill` that softens its shadows, the `rim` from
    behind that parts it from its background. A lamp that the style lacks begins as that of the "studio"."""

    key: LampOptions = LampOptions()
    fill: LampOptions = LampOptions()
    rim: LampOptions = LampOptions()
