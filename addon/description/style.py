"""A style: one coherent design of background, material, light, type and colour maps, as data.

One class serves for the project's styles (`look.styles`), a user's style file, and a scene's table [style].
These are laid over one another: a field that is None leaves the value below as it is.
"""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .option import COLORS, DRAWING, LIGHT, MATERIALS, NOTHING, SETTINGS, option

Color = tuple[float, float, float]  # sRGB, each 0 to 1

GROUNDS = ("none", "floor", "shadow", "catcher")
LIGHTS = ("studio", "softbox", "sun", "dark", "environment")
INTERIORS = ("solid", "glass", "glow")
TRANSFORMS = ("Standard", "AgX", "Filmic", "Khronos PBR Neutral")
CONTRASTS = ("none", "very_low", "low", "medium_low", "medium_high", "high", "very_high")


@dataclass(frozen=True)
class Style:
    """A style, whole or in part. A `flat` style draws exactly the colours of the map, without light; the
    others are lit."""

    about: str | None = option(None, changes=NOTHING)
    flat: bool | None = None
    # Around everything
    background: Color | None = option(None, changes=DRAWING)
    backdrop: Color | None = option(None, changes=DRAWING)  # the background in the middle of the picture
    ground: str | None = option(None, choices=GROUNDS, changes=DRAWING)
    ground_color: Color | None = option(None, changes=DRAWING)
    gloss: float | None = option(None, low=0.0, high=1.0, changes=DRAWING)  # how much the floor reflects
    text: Color | None = option(None, changes=DRAWING)
    # Light
    light: str | None = option(None, choices=LIGHTS, changes=DRAWING)
    light_strength: float | None = option(None, low=0.0, high=100.0, changes=LIGHT)
    world: float | None = option(None, low=0.0, high=100.0, changes=LIGHT)  # light from all around
    environment: str | None = option(None, changes=DRAWING)  # a picture that lights the scene from all around
    environment_turn: float | None = option(None, low=-360.0, high=360.0, changes=LIGHT)  # degrees
    # Haze, in which beams of light show:
    haze: float | None = option(None, low=0.0, high=1.0, changes=LIGHT)
    # Caustics, the spots of light behind glass: realistic, and noisy:
    caustics: bool | None = option(None, changes=SETTINGS)
    depth_of_field: float | None = option(None, low=0.0, high=1.0)  # unused if type is on the picture
    # Elements
    shape: str | None = option(None, choices=("cube", "sphere"))
    bevel: float | None = option(None, low=0.0, high=0.5, of="a cube's width", changes=DRAWING)
    # How far the edges of an element fade into the background:
    edges: float | None = option(None, low=0.0, high=1.0, changes=MATERIALS)
    # How dark the far side of a flat bead is:
    shading: float | None = option(None, low=0.0, high=1.0, changes=MATERIALS)
    roughness: float | None = option(None, low=0.0, high=1.0, changes=MATERIALS)
    coat: float | None = option(None, low=0.0, high=1.0, changes=MATERIALS)
    # Emission of an element, relative to its colour:
    glow: float | None = option(None, low=0.0, high=100.0, changes=MATERIALS)
    # More emission for entries in use:
    lit_glow: float | None = option(None, low=0.0, high=100.0, changes=MATERIALS)
    interior: str | None = option(None, choices=INTERIORS, changes=DRAWING)  # the material of products
    # Emission of products that were just made:
    front_glow: float | None = option(None, low=0.0, high=100.0, changes=DRAWING)
    # Opacity of glass, brightness of glow:
    density: float | None = option(None, low=0.0, high=10.0, changes=MATERIALS)
    # Colour
    signed_map: str | None = option(None, changes=COLORS)
    unsigned_map: str | None = option(None, changes=COLORS)
    zero_hue: float | None = option(None, low=0.0, high=1.0, changes=COLORS)  # these five of mm's own map
    hue_gap: float | None = option(None, low=0.0, high=1.0, changes=COLORS)
    hue_spread: float | None = option(None, low=0.0, high=1.0, changes=COLORS)
    min_light: float | None = option(None, low=0.0, high=1.0, changes=COLORS)
    max_light: float | None = option(None, low=0.0, high=1.0, changes=COLORS)
    view_transform: str | None = option(None, choices=TRANSFORMS, changes=SETTINGS)
    contrast: str | None = option(None, choices=CONTRASTS, changes=SETTINGS)
    exposure: float | None = option(None, low=-10.0, high=10.0, changes=SETTINGS)  # stops


if TYPE_CHECKING:

    class WholeStyle(Style):
        """A Style without a None: every field has a value. Only such a style can be drawn."""

        about: str
        flat: bool
        background: Color
        backdrop: Color
        ground: str
        ground_color: Color
        gloss: float
        text: Color
        light: str
        light_strength: float
        world: float
        environment: str
        environment_turn: float
        haze: float
        caustics: bool
        depth_of_field: float
        shape: str
        bevel: float
        edges: float
        shading: float
        roughness: float
        coat: float
        glow: float
        lit_glow: float
        interior: str
        front_glow: float
        density: float
        signed_map: str
        unsigned_map: str
        zero_hue: float
        hue_gap: float
        hue_spread: float
        min_light: float
        max_light: float
        view_transform: str
        contrast: str
        exposure: float
else:
    WholeStyle = Style


def over(style: Style, changes: Style) -> Style:
    """`style` with every value of `changes` that is not None."""
    said = {f.name: getattr(changes, f.name) for f in dataclasses.fields(Style)}
    return dataclasses.replace(style, **{name: value for name, value in said.items() if value is not None})
