"""Elements of one solid material."""

from ...description.style import WholeStyle
from ...look.srgb import linear
from ..nodes.formula import Field, Formula
from .base import attribute, smooth


def solid(f: Formula, color: Field, style: WholeStyle) -> Field:
    """Exactly the map's colour in a flat style, else a body in the light of the scene."""
    if style.flat:
        return _flat(f, color, style)
    glow = attribute(f, "lit") * style.lit_glow + style.glow
    return body(f, color, style.roughness, style.coat, glow)


def _flat(f, color, style):
    """Exactly the map's colour, except on the far side of a shaded bead and on edges that fade."""
    brightness = attribute(f, "lit") * style.lit_glow + 1.0
    facing = f.node("ShaderNodeLayerWeight", {"Blend": 0.5})["Facing"]  # 0 to the camera, 1 at the rim
    facet = f.node("ShaderNodeAttribute", attribute_name="facet", attribute_type="GEOMETRY")[2]
    if style.shading:
        # How far a place of the bead is to the right of its middle and above it, as the camera sees it.
        place = f.node("ShaderNodeNewGeometry")
        both = {0: place["Normal"], 1: place["Incoming"]}
        off = f.node("ShaderNodeVectorMath", both, operation="SUBTRACT")[0]
        seen = f.node("ShaderNodeVectorTransform", {0: off}, convert_from="WORLD", convert_to="CAMERA")[0]
        side = f.node("ShaderNodeSeparateXYZ", {0: seen})
        toward = side[0] * -0.36 + side[1] * 0.48 + (1.0 - facing) * 0.8  # the light, at the upper left
        brightness = brightness * (1.0 - (1.0 - smooth(f, toward, -0.3, 0.72)) * style.shading)
    light = f.node("ShaderNodeEmission", {"Color": color, "Strength": brightness})[0]
    if not style.edges:
        return light
    # A cube fades on its bevels, anything round at its rim.
    is_bevel, is_round = f.real("GREATER_THAN", facet, 1.5), f.real("LESS_THAN", facet, 0.5)
    rim = is_bevel + is_round * smooth(f, facing, 0.56, 0.66)
    paper = f.node("ShaderNodeEmission", {"Color": (*linear(style.background), 1.0)})[0]
    return f.node("ShaderNodeMixShader", {0: rim * style.edges, 1: light, 2: paper})[0]


def body(f: Formula, color: Field, roughness: float, coat: float, glow: Field) -> Field:
    """A surface that reflects, and shines by itself as much as `glow` says."""
    return f.node(
        "ShaderNodeBsdfPrincipled",
        {
            "Base Color": color,
            "Roughness": roughness,
            "Coat Weight": coat,
            "Coat Roughness": 0.15,
            "Emission Color": color,
            "Emission Strength": glow,
        },
    )[0]
