"""The materials of the products inside a cuboid.

To add one, write a function here, a line in SHADERS and a choice in `description.style`.
"""

import math
from collections.abc import Callable, Mapping

from ...description.style import WholeStyle
from ..nodes.formula import Field, Formula
from .base import attribute, mix_color
from .solid import body, solid


def glass(f: Formula, color: Field, style: WholeStyle, crowding: float) -> Field:
    """Coloured and clear in the middle, dense and shiny at the rim; products in use are denser. A line of
    sight through the cuboid loses about the same light with few products as with many, and most light reaches
    the inside."""
    lit = attribute(f, "lit")
    facing = f.node("ShaderNodeLayerWeight", {"Blend": 0.5})["Facing"]
    thin = 1.0 / (1.0 + 0.5 * crowding)
    rim = f.real("POWER", facing, 2.2) * (0.8 * thin)
    dense = f.real("MINIMUM", (lit + 1.0) * (style.density * thin) + rim, 1.0)
    shadow = f.node("ShaderNodeLightPath")["Is Shadow Ray"]
    tint = mix_color(f, (1.0, 1.0, 1.0, 1.0), color, 0.4 * thin)
    clear = f.node("ShaderNodeBsdfTransparent", {"Color": tint})[0]
    dyed = body(f, color, 0.08, 1.0, lit * style.lit_glow + 0.25)
    return f.node("ShaderNodeMixShader", {0: dense * (1.0 - 0.7 * shadow), 1: clear, 2: dyed})[0]


def glow(f: Formula, color: Field, style: WholeStyle, crowding: float) -> Field:
    """Light without body, brightest in the middle. Products behind one another add up."""
    facing = f.node("ShaderNodeLayerWeight", {"Blend": 0.5})["Facing"]
    middle = f.real("POWER", 1.0 - facing, 2.0)
    each = 2.2 * style.density / math.sqrt(1.0 + 2.0 * crowding)
    strength = middle * (attribute(f, "lit") * style.lit_glow + each)
    light = f.node("ShaderNodeEmission", {"Color": color, "Strength": strength})[0]
    clear = f.node("ShaderNodeBsdfTransparent")[0]
    return f.node("ShaderNodeAddShader", {0: clear, 1: light})[0]


# Each makes the shader of an element of this colour; a line of sight through the cuboid meets `crowding` of
# them.
SHADERS: Mapping[str, Callable[[Formula, Field, WholeStyle, float], Field]] = {
    "solid": lambda f, color, style, crowding: solid(f, color, style),
    "glass": glass,
    "glow": glow,
}
