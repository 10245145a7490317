"""Styles: each a coherent design of background, material, light, type and colour maps, as data.

Colours are sRGB, 0 to 1. `flat` styles draw exactly the map's colours, without light; the
others are lit, so a drawn colour is the map's under studio light.
"""

from dataclasses import dataclass

from ..errors import InputError, nearest


@dataclass(frozen=True)
class Style:
    about: str
    flat: bool
    background: tuple[float, float, float]
    ground: tuple[float, float, float] | None
    text: tuple[float, float, float]
    signed_map: str
    unsigned_map: str
    view_transform: str
    view_look: str = "None"
    exposure: float = 0.0
    roughness: float = 0.35
    coat: float = 0.0
    glow: float = 0.0  # emission of an element relative to its colour
    lit_glow: float = 2.5  # extra emission of the entries in use
    shape: str = "cube"  # of an entry, unless the scene says otherwise
    key: float = 1.0  # strengths of the lights, relative
    fill: float = 1.0
    rim: float = 1.0
    world: float = 1.0
    shadows_only: bool = False  # the ground shows nothing but shadows on the background


STYLES = {
    "studio_dark": Style(
        about="dark studio, soft key light and coloured rim; for films and talks",
        flat=False,
        background=(0.035, 0.038, 0.050),
        ground=(0.20, 0.21, 0.25),
        text=(0.90, 0.92, 0.96),
        signed_map="managua",
        unsigned_map="lajolla",
        view_transform="AgX",
        view_look="AgX - Medium High Contrast",
        roughness=0.42,
        coat=0.1,
        glow=0.18,
        key=1.0,
        fill=0.35,
        rim=1.1,
        world=0.35,
    ),
    "studio_light": Style(
        about="bright studio with soft shadows; for slides and posters",
        flat=False,
        background=(0.93, 0.935, 0.945),
        ground=(0.90, 0.905, 0.915),
        text=(0.10, 0.12, 0.16),
        signed_map="vik",
        unsigned_map="oslo_r",
        view_transform="Standard",
        roughness=0.5,
        glow=0.0,
        lit_glow=0.35,
        shadows_only=True,
        key=0.8,
        fill=0.6,
        rim=0.3,
        world=0.9,
    ),
    "paper": Style(
        about="white and flat, exactly the colour map's colours; for figures in papers",
        flat=True,
        background=(1.0, 1.0, 1.0),
        ground=None,
        text=(0.0, 0.0, 0.0),
        signed_map="vik",
        unsigned_map="oslo_r",
        view_transform="Standard",
        lit_glow=0.0,
    ),
    "mm": Style(
        about="black and flat, beads in the colours of mm, entries in use twice as bright",
        flat=True,
        background=(0.0, 0.0, 0.0),
        ground=None,
        text=(0.8, 0.8, 1.0),
        signed_map="mm",
        unsigned_map="mm_positive",
        view_transform="Standard",
        lit_glow=3.6,  # twice the sRGB value is 4.6 times the light
        shape="sphere",
    ),
}


def style(name, where="look: style"):
    """The style of this name. Raises InputError for an unknown one."""
    if name not in STYLES:
        raise InputError(f'{where}: unknown style "{name}"; {nearest(name, STYLES, "known styles")}')
    return STYLES[name]
