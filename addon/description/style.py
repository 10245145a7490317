"""A style: one coherent design of background, material, light, type and colour maps, as data.

One class serves for the project's styles (`look.styles`), a user's style file, and a scene's table [style].
These are laid over one another: a field that is None leaves the value below as it is.
"""

import dataclasses
from dataclasses import dataclass
from typing import Generic, Never, TypeAlias, TypeVar

from .option import COLORS, DRAWING, LIGHT, MATERIALS, NOTHING, SETTINGS, option

Color = tuple[float, float, float]  # sRGB, each 0 to 1

GROUNDS = ("none", "floor", "shadow", "catcher")
LIGHTS = ("studio", "softbox", "sun", "dark", "environment")
INTERIORS = ("solid", "glass", "glow")
TRANSFORMS = ("Standard", "AgX", "Filmic", "Khronos PBR Neutral")
CONTRASTS = ("none", "very_low", "low", "medium_low", "medium_high", "high", "very_high")

Silent = TypeVar("Silent")  # what fields may be beside a value: None, or Never in a whole style


@dataclass(frozen=True)
class Style(Generic[Silent]):
    """A style, whole or in part. A `flat` style draws exactly the colours of the map, without light; the
    others are lit."""

    about: str | Silent = option(None, changes=NOTHING)
    flat: bool | Silent = option(None)
    # Around everything
    background: Color | Silent = option(None, changes=DRAWING)
    backdrop: Color | Silent = option(None, changes=DRAWING)  # the background in the middle of the picture
    ground: str | Silent = option(None, choices=GROUNDS, changes=DRAWING)
    ground_color: Color | Silent = option(None, changes=DRAWING)
    gloss: float | Silent = option(None, low=0.0, high=1.0, changes=DRAWING)  # how much the floor reflects
    text: Color | Silent = option(None, changes=DRAWING)
    # Light
    light: str | Silent = option(None, choices=LIGHTS, changes=DRAWING)
    light_strength: float | Silent = option(None, low=0.0, high=100.0, changes=LIGHT)
    world: float | Silent = option(None, low=0.0, high=100.0, changes=LIGHT)  # light from all around
    # A picture that lights the scene from all around:
    environment: str | Silent = option(None, changes=DRAWING)
    environment_turn: float | Silent = option(None, low=-360.0, high=360.0, changes=LIGHT)  # degrees
    # Haze, in which beams of light show:
    haze: float | Silent = option(None, low=0.0, high=1.0, changes=LIGHT)
    # Caustics, the spots of light behind glass: realistic, and noisy:
    caustics: bool | Silent = option(None, changes=SETTINGS)
    depth_of_field: float | Silent = option(None, low=0.0, high=1.0)  # unused if type is on the picture
    # Elements
    shape: str | Silent = option(None, choices=("cube", "sphere"))
    bevel: float | Silent = option(None, low=0.0, high=0.5, of="a cube's width", changes=DRAWING)
    # How far the edges of an element fade into the background:
    edges: float | Silent = option(None, low=0.0, high=1.0, changes=MATERIALS)
    # How dark the far side of a flat bead is:
    shading: float | Silent = option(None, low=0.0, high=1.0, changes=MATERIALS)
    roughness: float | Silent = option(None, low=0.0, high=1.0, changes=MATERIALS)
    coat: float | Silent = option(None, low=0.0, high=1.0, changes=MATERIALS)
    # Emission of an element, relative to its colour:
    glow: float | Silent = option(None, low=0.0, high=100.0, changes=MATERIALS)
    # More emission for entries in use:
    lit_glow: float | Silent = option(None, low=0.0, high=100.0, changes=MATERIALS)
    interior: str | Silent = option(None, choices=INTERIORS, changes=DRAWING)  # the material of products
    # Emission of products that were just made:
    front_glow: float | Silent = option(None, low=0.0, high=100.0, changes=DRAWING)
    # Opacity of glass, brightness of glow:
    density: float | Silent = option(None, low=0.0, high=10.0, changes=MATERIALS)
    # Colour
    signed_map: str | Silent = option(None, changes=COLORS)
    unsigned_map: str | Silent = option(None, changes=COLORS)
    zero_hue: float | Silent = option(None, low=0.0, high=1.0, changes=COLORS)  # these five of mm's own map
    hue_gap: float | Silent = option(None, low=0.0, high=1.0, changes=COLORS)
    hue_spread: float | Silent = option(None, low=0.0, high=1.0, changes=COLORS)
    min_light: float | Silent = option(None, low=0.0, high=1.0, changes=COLORS)
    max_light: float | Silent = option(None, low=0.0, high=1.0, changes=COLORS)
    view_transform: str | Silent = option(None, choices=TRANSFORMS, changes=SETTINGS)
    contrast: str | Silent = option(None, choices=CONTRASTS, changes=SETTINGS)
    exposure: float | Silent = option(None, low=-10.0, high=10.0, changes=SETTINGS)  # stops


# A style without a None: every field has a value. Only such a style can be drawn.
WholeStyle: TypeAlias = Style[Never]


def over(style: Style, changes: Style) -> Style:
    """`style` with every value of `changes` that is not None."""
    said = {f.name: getattr(changes, f.name) for f in dataclasses.fields(Style)}
    return dataclasses.replace(style, **{name: value for name, value in said.items() if value is not None})
