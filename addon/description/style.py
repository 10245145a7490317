"""A style: one coherent design of background, material, light, type and colour maps, as data.

The same class says a whole design (`look.styles`), a user's style file, and what a scene's table [style]
changes: a field that is None says nothing, and what is underneath holds.
"""

import dataclasses
from dataclasses import dataclass

from .option import option

Color = tuple[float, float, float]  # sRGB, each 0 to 1

GROUNDS = ("none", "floor", "shadow")
LIGHTS = ("studio", "softbox", "sun", "dark", "environment")
INTERIORS = ("solid", "glass", "glow")
TRANSFORMS = ("Standard", "AgX", "Filmic", "Khronos PBR Neutral")
CONTRASTS = ("none", "very_low", "low", "medium_low", "medium_high", "high", "very_high")


@dataclass(frozen=True)
class Style:
    """`flat` styles draw exactly the map's colours, without light; the others are lit."""

    about: str | None = None
    flat: bool | None = None
    # Around everything
    background: Color | None = None
    backdrop: Color | None = None  # the background in the middle of the picture
    ground: str | None = option(None, choices=GROUNDS)
    ground_color: Color | None = None
    gloss: float | None = option(None, low=0.0, high=1.0)  # how much the floor mirrors
    text: Color | None = None
    # Light
    light: str | None = option(None, choices=LIGHTS)
    light_strength: float | None = option(None, low=0.0, high=100.0)
    world: float | None = option(None, low=0.0, high=100.0)  # light from all around
    environment: str | None = None  # a picture that lights the scene from all around
    environment_turn: float | None = option(None, low=-360.0, high=360.0)  # degrees
    haze: float | None = option(None, low=0.0, high=1.0)  # in the air, so that light is seen in it
    caustics: bool | None = None  # spots of light that gloss throws: true to nature, and noisy
    depth_of_field: float | None = option(None, low=0.0, high=1.0)  # where nothing is written on the picture
    # Elements
    shape: str | None = option(None, choices=("cube", "sphere"))
    bevel: float | None = option(None, low=0.0, high=0.5, of="a cube's width")
    edges: float | None = option(None, low=0.0, high=1.0)  # how far its edges fade into the background
    shading: float | None = option(None, low=0.0, high=1.0)  # how dark the far side of a flat bead is
    roughness: float | None = option(None, low=0.0, high=1.0)
    coat: float | None = option(None, low=0.0, high=1.0)
    glow: float | None = option(None, low=0.0, high=100.0)  # emission relative to the element's colour
    lit_glow: float | None = option(None, low=0.0, high=100.0)  # more of it for entries in use
    interior: str | None = option(None, choices=INTERIORS)  # what products are made of
    front_glow: float | None = option(None, low=0.0, high=100.0)  # light of the products just made
    density: float | None = option(None, low=0.0, high=10.0)  # opacity of glass, brightness of glow
    # Colour
    signed_map: str | None = None
    unsigned_map: str | None = None
    zero_hue: float | None = option(None, low=0.0, high=1.0)  # these five of mm's own map
    hue_gap: float | None = option(None, low=0.0, high=1.0)
    hue_spread: float | None = option(None, low=0.0, high=1.0)
    min_light: float | None = option(None, low=0.0, high=1.0)
    max_light: float | None = option(None, low=0.0, high=1.0)
    view_transform: str | None = option(None, choices=TRANSFORMS)
    contrast: str | None = option(None, choices=CONTRASTS)
    exposure: float | None = option(None, low=-10.0, high=10.0)  # stops


def over(style: Style, changes: Style) -> Style:
    """`style` with all that `changes` says."""
    said = {f.name: getattr(changes, f.name) for f in dataclasses.fields(Style)}
    return dataclasses.replace(style, **{name: value for name, value in said.items() if value is not None})
