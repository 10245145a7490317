"""The styles that come with the project (styles.toml), and the style of a scene: one of them with the scene's
changes."""

import dataclasses
import tomllib
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

_SAID: dict[str, Style] = {
    name: from_dict(Style, table, name)
    for name, table in tomllib.loads((Path(__file__).parent / "styles.toml").read_text("utf-8")).items()
}
PLAIN = _SAID.pop("plain")  # it has every field; the others say what differs from it
STYLES = {name: over(PLAIN, said) for name, said in _SAID.items()}


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
