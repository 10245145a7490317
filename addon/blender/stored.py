"""Reads back from a built file what it was made of. So it can be changed and drawn again even if its scene
file, its capture, its font or its environment are gone."""

import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from math import prod
from pathlib import Path

import bpy
import numpy as np

from ..attention.patches import CutPicture
from ..description.leading import MOST_MATRICES, LeadingAxis, member_name
from ..description.matrices import LabelledMatrix, OpenedMatrix
from ..description.scene import MatrixOptions, Scene, from_dict, from_json
from ..errors import InputError
from ..staging.plan import Plan, plan
from . import tags
from .image_pixels import colors_of
from .materials.given_pictures import picture_name
from .read import holds_values, shape_of, stored_mask, stored_values

# The options that say which numbers of a file a matrix has.
OF_FILES = (
    "file", "tensor", "index", "axis_order", "slices", "additive_mask", "decimal", "names", "leading_axes",
)  # fmt: skip


@dataclass(frozen=True)
class GivenText:
    """The properties of a given matrix besides its numbers and its leading axes; see LabelledMatrix."""

    row_axis: str = ""
    column_axis: str = ""
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    source: str = ""
    probability: bool = False
    note: str = ""
    heads_a_key: int = 1
    picture: str = ""  # the name of the image of which rows or columns are patches, and its grids
    row_grid: tuple[int, ...] = ()
    column_grid: tuple[int, ...] = ()


# The fields of a GivenText that a LabelledMatrix has by the same name.
FACTS = tuple(key for key in GivenText.__dataclass_fields__ if key in LabelledMatrix.__dataclass_fields__)


def write_given(p: Plan, target: bpy.types.Scene) -> None:
    """Write into a Blender scene what `stored_matrices` needs of each given matrix. The numbers are in its
    meshes."""
    told = {name: asdict(_text_of(one)) for name, one in p.given.items()}
    target[tags.GIVEN] = json.dumps(told, ensure_ascii=False)


def _text_of(given: LabelledMatrix) -> GivenText:
    facts = {key: getattr(given, key) for key in FACTS}
    rows, columns = given.row_picture, given.column_picture
    seen = rows or columns
    return GivenText(
        **facts,
        picture=picture_name(seen.pixels) if seen else "",
        row_grid=rows.grid if rows else (),
        column_grid=columns.grid if columns else (),
    )


def described(target: bpy.types.Scene) -> Scene:
    """The description that a built scene carries; relative file names in it start at the .blend. Raises
    InputError."""
    text = target.get(tags.DESCRIPTION)
    if not isinstance(text, str):
        raise InputError(
            f'scene "{target.name}": was not built by this program: it has no property "{tags.DESCRIPTION}"'
        )
    return replace(_read(text, f'scene "{target.name}"'), folder=bpy.path.abspath("//") or ".")


@lru_cache(maxsize=64)
def _read(text, where):
    return from_json(text, where)


def leading_axes(target: bpy.types.Scene) -> dict[str, tuple[LeadingAxis, ...]]:
    """The axes before rows and columns of each given matrix of a built scene that has any. Raises
    InputError."""
    try:
        return {
            name: tuple(LeadingAxis(word, tuple(numbers), each) for word, numbers, each in own)
            for name, own in json.loads(target.get(tags.AXES, "{}")).items()
        }
    except (ValueError, TypeError, AttributeError):
        raise InputError(
            f'scene "{target.name}": its property {tags.AXES} is damaged; build the scene again'
        ) from None


def given_texts(target: bpy.types.Scene) -> dict[str, GivenText]:
    """What a built scene says of each given matrix, by name. Raises InputError for a damaged file."""
    try:
        told = json.loads(str(target.get(tags.GIVEN, "{}")))
        return {name: from_dict(GivenText, one, name) for name, one in told.items()}
    except (ValueError, AttributeError, RecursionError):
        raise InputError(
            f'scene "{target.name}": its property {tags.GIVEN} is damaged; build the scene again'
        ) from None


def stored_matrices(target: bpy.types.Scene) -> dict[str, OpenedMatrix]:
    """The given matrices of a built scene by name, float32 as in the file, with their labels. A matrix of
    which an object, or points of a mesh, were deleted is missing. Raises InputError for a damaged file."""
    told, axes = given_texts(target), leading_axes(target)
    ours = tags.parts(target) or list(target.objects)
    objects = {ob[tags.NAME]: ob for ob in ours if ob.get(tags.KIND) == "matrix" and tags.NAME in ob}
    images = {tags.built_as(block): block for block in ours if isinstance(block, bpy.types.Image)}
    seen = {one.picture for one in told.values()}.intersection(images)
    pictures = {picture: colors_of(images[picture]) for picture in seen}
    found = {name: _stored(name, one, axes.get(name, ()), objects, pictures) for name, one in told.items()}
    return {name: one for name, one in found.items() if one is not None}


def _stored(name, told, leading, objects, pictures):
    """A given matrix, or None if a part of it is missing."""
    if prod(len(axis.numbers) for axis in leading) > MOST_MATRICES:
        return None
    count = tuple(len(axis.numbers) for axis in leading)
    places = list(np.ndindex(count))
    members = [
        objects.get(member_name(name, [axis.numbers[n] for axis, n in zip(leading, place, strict=True)]))
        for place in places
    ]
    shapes = {shape_of(ob) if ob else None for ob in members}
    own = shapes.pop() if len(shapes) == 1 else None
    if own is None or not all(map(holds_values, members)):
        return None
    shape = (*count, *own)
    masks = [mask for ob in members if (mask := stored_mask(ob)) is not None]
    mask = np.reshape(masks, shape) if len(masks) == len(members) else None
    facts = {key: getattr(told, key) for key in FACTS}
    zeros = np.broadcast_to(np.float64(0.0), shape)
    declared = LabelledMatrix(zeros, **facts, leading=tuple(leading), mask=mask)
    if told.picture in pictures:
        rows, columns = (_cut(pictures[told.picture], grid) for grid in (told.row_grid, told.column_grid))
        declared = replace(declared, row_picture=rows, column_picture=columns)

    def read():
        return np.reshape([stored_values(ob) for ob in members], shape).astype(np.float64)

    return OpenedMatrix(declared, read, name, additive=False)  # what a mask leaves out is known


def _cut(pixels, grid):
    return CutPicture(pixels, (grid[0], grid[1])) if len(grid) == 2 and min(grid) > 0 else None


def plan_of(target: bpy.types.Scene, description: Scene | None = None, *, sources: bool = False) -> Plan:
    """The plan of a built scene, or of another `description` of what it shows.

    Matrices from files, a font and an environment come from the scene itself, if the description says the
    same of them as the built one; with `sources` only if their files are missing. Raises InputError if
    something is neither in the scene nor in a file.
    """
    built = described(target)
    asked = built if description is None else description
    given = {
        name: one
        for name, one in stored_matrices(target).items()
        if _is_same(name, built, asked) and not (sources and _is_there(asked, name))
    }
    at_hand = _with_packed(asked, built, target, sources)
    made = plan(at_hand, given)
    if at_hand == asked:
        return made
    own = asked.look.font, asked.style.environment
    return replace(made, description=_with_files(made.description, *own), scene=_with_files(made.scene, *own))


def plan_for(description: Scene, target: bpy.types.Scene | None = None) -> Plan:
    """The plan of a description that is built into a scene, by default the current one. Data whose files are
    missing is read from the scene. Raises InputError."""
    target = target or bpy.context.scene
    return plan_of(target, description, sources=True) if tags.DESCRIPTION in target else plan(description)


def _is_same(name, built, asked):
    """Whether a description takes a given matrix from the same place in a file as the built one."""
    own, other = (one.matrices.get(name, MatrixOptions(tensor=name)) for one in (built, asked))
    captured = bool(own.tensor and not own.file) and built.capture != asked.capture
    same = all(getattr(own, key) == getattr(other, key) for key in (*OF_FILES, "values", "init"))
    return bool(own.tensor or own.file) and same and not captured


def _is_there(scene, name):
    spec = scene.matrices.get(name, MatrixOptions())
    return (Path(scene.folder) / (spec.file or scene.capture.file or ".")).is_file()


def _with_packed(asked: Scene, built: Scene, target: bpy.types.Scene, sources: bool) -> Scene:
    """The description with the font and the environment that are packed in the file, in place of the named
    files."""

    def packed(name, built_name, kind):
        """The name of the packed file, if it is wanted and there, or else the name itself."""
        wanted = name and name == built_name and not (sources and (Path(asked.folder) / name).is_file())
        return (wanted and _unpacked(target, kind, Path(name).suffix)) or name

    font = packed(asked.look.font, built.look.font, bpy.types.VectorFont)
    environment = packed(asked.style.environment, built.style.environment, bpy.types.Image)
    return _with_files(asked, font, environment)


def _unpacked(target, kind, suffix):
    """The name of a packed file of a built scene, written into Blender's own temporary folder; "" where there
    is none."""
    for block in tags.parts(target):
        if isinstance(block, kind) and block.packed_file and block.packed_file.size:
            place = Path(bpy.app.tempdir) / f"matrix_cinema_{kind.__name__}{suffix}"
            place.write_bytes(block.packed_file.data)
            return str(place)
    return ""


def _with_files(scene: Scene, font: str, environment: str | None) -> Scene:
    """A description with other names of its font and its environment."""
    style = replace(scene.style, environment=environment)
    return replace(scene, look=replace(scene.look, font=font), style=style)
