"""The styles that come with the project, and the style of a scene: one of them with the scene's changes."""

import dataclasses
from pathlib import Path
from typing import cast

from ..description.named_files import is_style_file
from ..description.scene import Look, Scene, from_dict
from ..description.style import Color, Style, WholeStyle, over
from ..errors import InputError, nearest
from ..formats.toml_file import read_table
from .mm_colors import HUE_SETTINGS, called
from .srgb import between

# How far dimmer type and thin lines are on the way from the colour of type to that of the background.
SOFT, RULE_TINT = 0.25, 0.55

# Every field of a style; the styles below say what differs.
PLAIN: Style = Style(
    about="", flat=False,
    background=(0.0, 0.0, 0.0), backdrop=(0.0, 0.0, 0.0), ground="none", ground_color=(0.5, 0.5, 0.5),
    gloss=0.0, text=(1.0, 1.0, 1.0),
    light="studio", light_strength=1.0, world=1.0, environment="", environment_turn=0.0,
    haze=0.0, caustics=False, depth_of_field=0.0,
    shape="cube", bevel=0.12, edges=0.0, shading=0.0, roughness=0.4, coat=0.0, glow=0.0, lit_glow=0.0,
    interior="solid", front_glow=0.0, density=1.0,
    signed_map="sky_clay", unsigned_map="jade",
    zero_hue=0.77, hue_gap=0.74, hue_spread=0.04, min_light=0.4, max_light=0.7,
    view_transform="Standard", contrast="none", exposure=0.0,
)  # fmt: skip


def _rgb(text):
    return tuple(channel / 255 for channel in bytes.fromhex(text))


STYLES = {
    "studio_dark": dataclasses.replace(
        PLAIN,
        about="dark studio, soft key light and cool rim; for films and talks",
        background=_rgb("0a0c11"), backdrop=_rgb("2b313d"), ground="floor", ground_color=_rgb("343a46"),
        gloss=0.3, text=_rgb("e6ebf5"),
        world=0.6, roughness=0.38, coat=0.15, glow=0.22, lit_glow=1.6, depth_of_field=0.25,
        signed_map="ice_ember", unsigned_map="jade_lamp",
        view_transform="AgX", contrast="medium_high",
    ),
    "studio_light": dataclasses.replace(
        PLAIN,
        about="bright studio with soft shadows; for slides and posters",
        background=_rgb("e4e7ec"), backdrop=_rgb("f8f9fb"), ground="shadow", text=_rgb("1a1f29"),
        light="softbox", world=1.25, roughness=0.5, glow=0.08, lit_glow=0.35, depth_of_field=0.25,
        signed_map="sky_clay",
    ),
    "glass": dataclasses.replace(
        PLAIN,
        about="solid matrices around products of coloured glass; for looking into a cuboid",
        background=_rgb("e9eff5"), backdrop=_rgb("fbfdff"), ground="shadow", text=_rgb("15202e"),
        light="studio", light_strength=0.72, world=2.4, roughness=0.18, coat=0.8, glow=0.1,
        lit_glow=0.3, depth_of_field=0.25,
        interior="glass", density=0.25, signed_map="sky_clay",
    ),
    "glow": dataclasses.replace(
        PLAIN,
        about="light on black: products add up to a cloud whose brightness is their density",
        background=_rgb("020204"), backdrop=_rgb("07080d"), text=_rgb("c9d2e6"),
        light="dark", roughness=0.5, glow=0.5, lit_glow=0.8, depth_of_field=0.25,
        interior="glow", density=1.0,
        signed_map="two_lights", unsigned_map="jade_lamp",
        view_transform="AgX", contrast="medium_high", exposure=0.4,
    ),
    "paper": dataclasses.replace(
        PLAIN,
        about="white and flat, exactly the colour map's colours; for figures in papers",
        flat=True,
        background=_rgb("ffffff"), backdrop=_rgb("ffffff"), text=_rgb("000000"), bevel=0.035, edges=0.6,
    ),
    "print": dataclasses.replace(
        PLAIN,
        about="tints of two inks on white paper, as discs; for print in two colours",
        flat=True,
        background=_rgb("ffffff"), backdrop=_rgb("ffffff"), text=_rgb("000000"), edges=1.0, shape="sphere",
        signed_map="two_inks", unsigned_map="one_ink",
    ),
    "mm": dataclasses.replace(
        PLAIN,
        about="black, beads in the colours of mm, entries in use twice as bright",
        flat=True,
        text=_rgb("ccccff"), signed_map="mm", unsigned_map="mm_positive", shape="sphere", shading=0.7,
        lit_glow=3.6,  # twice the sRGB value is 4.6 times the light
    ),
}  # fmt: skip


def style(name: str, where: str = "look: style") -> Style:
    """The style of this name. Raises InputError for an unknown one."""
    if not isinstance(name, str) or name not in STYLES:
        raise InputError(
            f'{where}: unknown style "{name}"; {nearest(name, STYLES, "known styles")}, '
            "or a style file (.toml)"
        )
    return STYLES[name]


def style_of(scene: Scene) -> WholeStyle:
    """The whole style of a scene whose `look.style` is no file: the named style with the scene's changes.

    Raises InputError for an unknown name.
    """
    # A named style has every field, so the outcome has too.
    return cast(WholeStyle, over(style(scene.look.style), scene.style))


def soft_color(style: WholeStyle) -> Color:
    """The colour of type that says less than the rest: nearer to the background, and easy to read there."""
    return between(style.text, style.background, SOFT)


def rule_color(style: WholeStyle) -> Color:
    """The colour of thin lines on a page."""
    return between(style.text, style.background, RULE_TINT)


def with_style_file(scene: Scene) -> Scene:
    """The scene without a style file: if `look.style` names one, the values in the file are put into the
    scene's [style].

    A style file says in `base` which style it changes, and otherwise has the fields of [style]. The scene's
    own [style] changes those of the file. File names in a style file are relative to it. Raises InputError.
    """
    if not is_style_file(scene.look.style):
        return scene
    path = Path(scene.folder) / scene.look.style
    table = read_table(path, "style")
    base = table.pop("base", Look.style)
    style(base, f"{path}: base")
    changes = from_dict(Style, table, str(path))
    if changes.environment:
        changes = dataclasses.replace(changes, environment=str(path.parent / changes.environment))
    look = dataclasses.replace(scene.look, style=base)
    return dataclasses.replace(scene, look=look, style=over(changes, scene.style))


def map_called(name: str, chosen: Style) -> str:
    """The name of the colour map `name` in this style: that of one of mm's maps has the style's hues in
    it."""
    return called(name, tuple(getattr(chosen, setting) for setting in HUE_SETTINGS))
