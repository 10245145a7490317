"""What a built Blender scene says about itself: its description, its size, how it is drawn."""

import bpy

from ..blender import tags
from ..blender.objects import MODIFIER, as_points
from ..blender.read import shape_of
from ..blender.stored import described
from ..description.scene import Scene
from ..errors import InputError
from ..staging.camera.views import PRODUCTS_SUFFIX
from ..staging.limits import memory_needed


def description_text(scene: bpy.types.Scene) -> str:
    """The description that a Blender scene carries as JSON, or "" when it was not built here."""
    text = scene.get(tags.DESCRIPTION)
    return text if isinstance(text, str) else ""


def description(scene: bpy.types.Scene) -> Scene | None:
    """The description that a Blender scene was built from, or None."""
    try:
        return described(scene)
    except InputError:
        return None


def products(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The objects of the products of a scene."""
    return [ob for ob in scene.objects if is_product(ob)]


def is_product(ob: bpy.types.Object) -> bool:
    """Whether an object is the interior of a product that the panel can scrub."""
    modifier = ob.modifiers.get(MODIFIER)
    drawn = ob.get(tags.KIND) == "product" and isinstance(ob.get(tags.NAME), str) and shape_of(ob)
    return bool(drawn and modifier and modifier.type == "NODES" and modifier.node_group)


def subjects(scene: bpy.types.Scene) -> list[str]:
    """The names that the camera's subject may have in a scene: of its matrices, then of its cuboids."""
    kinds = {
        kind: [str(ob.get(tags.NAME, "")) for ob in scene.objects if ob.get(tags.KIND) == kind]
        for kind in ("matrix", "product")
    }
    return [*dict.fromkeys(kinds["matrix"]), *(name + PRODUCTS_SUFFIX for name in kinds["product"])]


def stands_in(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The objects of a scene that instance collections of scenes that were built here."""
    return [ob for ob in scene.objects if shown_by(ob)]


def shown_by(ob: bpy.types.Object) -> bpy.types.Scene | None:
    """The built scene whose collections an object instances, or None."""
    instanced = ob.instance_type == "COLLECTION" and ob.instance_collection
    inner = instanced.all_objects if instanced else ()
    ours = next((one for one in inner if one.get(tags.KIND) == "matrix"), None)
    return tags.scene_of(ours) if ours else None


def elements(scene: bpy.types.Scene) -> int:
    """The largest number of elements that the scene draws at once."""
    return int(tags.number(scene, tags.ELEMENTS, 0))


def memory(scene: bpy.types.Scene) -> float:
    """About how many bytes of memory rendering takes."""
    return memory_needed(elements(scene), as_points(products(scene)))
