"""Exchanges the colour maps of a built scene, with the result of a build, but without compiling a shader
anew.

The picture, the materials and the legend's bar of a map are named after it. So they get other names, and the
materials look colours up in other pictures. Changes of a person stay.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping

import bpy

from . import compat, remembered, tags
from .materials.base import asked
from .materials.color_maps import color_map_image, image_name
from .materials.writing import color_bar_material, colored_material
from .rebuild import exchange, rename_counted, sharing, standing
from .text import bar_name

Names = Mapping[str, str]  # the new one by the old one


def recolor(
    target: bpy.types.Scene, maps: Names, ask_old: Callable[[], None], ask_new: Callable[[], None]
) -> None:
    """Exchange the colour maps of a built scene; `maps` has the new name by the old one. `ask_old` and
    `ask_new` ask for the materials of its elements with the old maps and with the new ones, in the same
    order."""
    renamed = _materials(maps, ask_old, ask_new)
    for name_of in (image_name, bar_name):
        renamed |= {name_of(old): name_of(new) for old, new in maps.items()}
    _look_up(target, maps)
    _rename(target, {old: new for old, new in renamed.items() if old != new})


def _materials(maps: Names, ask_old: Callable[[], None], ask_new: Callable[[], None]) -> dict[str, str]:
    """The names of all materials that look up a colour map: the new name by the old one."""
    with asked() as old:
        ask_old()
        _ask_of_writing(maps)
    with asked() as new:
        ask_new()
        _ask_of_writing(maps.values())
    return dict(zip(old, new, strict=True))


def _ask_of_writing(maps: Iterable[str]) -> None:
    for name in maps:
        color_bar_material(name)
        colored_material(name)


def _look_up(target, maps):
    """Let the nodes of our materials look up the new map in place of the old one. A picture that a person has
    painted stays in the file."""
    blocks = standing(target)
    with sharing(target):
        pictures = {
            blocks["images", image_name(old)]: color_map_image(new)
            for old, new in maps.items()
            if old != new and ("images", image_name(old)) in blocks
        }
    for (kind, _), block in blocks.items():
        nodes = compat.node_tree(block).nodes if kind == "materials" else ()
        for node in nodes:
            if node.bl_idname == "ShaderNodeTexImage" and node.image in pictures:
                node.image = pictures[node.image]
    gone = [one for one in pictures if one not in pictures.values()]
    for picture in gone:
        picture.use_fake_user = picture.use_fake_user or remembered.is_changed(picture)
    ours = set(blocks.values())
    exchange(target, gone, [one for one in pictures.values() if one not in ours])


def _rename(target: bpy.types.Scene, renamed: Names) -> None:
    """Rename datablocks from the old names to the new ones, also wherever the names are remembered. A
    datablock that a person has renamed keeps its name; pictures have been renamed already."""
    blocks = [
        one
        for one in tags.owned(target)
        if not isinstance(one, bpy.types.Image) and tags.built_as(one) in renamed
    ]
    as_built = [one for one in blocks if one.name == one[tags.TAG]]
    for n, block in enumerate(blocks):
        block[tags.TAG] = renamed[tags.built_as(block)]
        if block in as_built:
            block.name = f"mc {n}"
    for block in as_built:
        block.name = block[tags.TAG]
        block[tags.TAG] = block.name
    _remember_as(target, renamed)
    rename_counted(target, renamed)


def _remember_as(target, renamed):
    """Write the new names where datablocks remember the old ones: in the JSON, which is much faster than
    reading it."""
    names = {json.dumps(old): json.dumps(new) for old, new in renamed.items()}
    pattern = re.compile("|".join(map(re.escape, names)))
    for block in [target, *tags.owned(target), *tags.resting(target)] if names else ():
        told = block.get(tags.SET)
        if isinstance(told, str) and pattern.search(told):  # a file may say anything
            block[tags.SET] = pattern.sub(lambda found: names[found[0]], told)
