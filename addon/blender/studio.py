"""Light, ground, background and render settings of a style, sized to the scene."""

import bpy
import numpy as np
from mathutils import Vector

from . import compat
from .materials import linear, plain_material
from .nodes import Formula


def light(p, view, corners, collection, target):
    """Set up everything of the style that is not an element or a letter, around `corners` (n, 3)."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle, size = 0.5 * (low + high), float(np.linalg.norm(high - low))
    world(p.style, target)
    if not p.style.flat:
        lamps(p.style, view, middle, size, collection)
    if p.style.ground:
        ground(p.style, middle, low[2] - 0.6, size, collection)
    settings(p, target)


def world(style, target):
    """The background: one colour to the camera, dimmed or raised as a light."""
    name = f"Matrix Cinema {'flat' if style.flat else 'studio'} world"
    target.world = bpy.data.worlds.new(name)
    tree = compat.node_tree(target.world)
    tree.nodes.clear()
    f = Formula(tree)
    color = (*linear(style.background), 1.0)
    seen = f.node("ShaderNodeBackground", {"Color": color, "Strength": 1.0})[0]
    lighting = f.node(
        "ShaderNodeBackground", {"Color": (0.75, 0.83, 1.0, 1.0), "Strength": 0.25 * style.world}
    )[0]
    to_camera = f.node("ShaderNodeLightPath")["Is Camera Ray"]
    f.node(
        "ShaderNodeOutputWorld",
        {"Surface": f.node("ShaderNodeMixShader", {0: to_camera, 1: lighting, 2: seen})[0]},
    )
    f.finish()


def lamps(style, view, middle, size, collection):
    """Key from the upper left of the camera, a broad fill, and a rim from behind."""
    right, up, back = view.right, np.array([0.0, 0, 1]), -view.forward
    for name, strength, place, width, color in (
        ("Key", style.key, -0.55 * right + 0.75 * up + 0.45 * back, 0.5, (1.0, 0.955, 0.90)),
        ("Fill", 0.45 * style.fill, 0.9 * right + 0.25 * up + 0.5 * back, 0.9, (0.80, 0.88, 1.0)),
        ("Rim", 0.9 * style.rim, 0.15 * right + 0.55 * up - 0.75 * back, 0.45, (0.80, 0.88, 1.0)),
    ):
        data = bpy.data.lights.new(name, "AREA")
        data.shape, data.size = "DISK", width * size
        data.color = color
        # An area light's watts grow with the square of its distance for the same brightness.
        data.energy = 11.0 * strength * size**2
        lamp = bpy.data.objects.new(name, data)
        lamp.location = middle + place * size
        lamp.rotation_euler = (Vector(middle) - lamp.location).to_track_quat("-Z", "Y").to_euler()
        lamp.visible_camera = False
        collection.objects.link(lamp)


def ground(style, middle, height, size, collection):
    """A floor that runs to the horizon and fades into the background."""
    import bmesh

    mesh = bpy.data.meshes.new("Ground")
    shell = bmesh.new()
    bmesh.ops.create_circle(shell, cap_ends=True, radius=size * 12, segments=96)
    shell.to_mesh(mesh)
    shell.free()
    floor = bpy.data.objects.new("Ground", mesh)
    floor.location = (middle[0], middle[1], height)
    mesh.materials.append(plain_material("Matrix Cinema ground", style.ground, emission=False))
    floor.is_shadow_catcher = style.shadows_only
    collection.objects.link(floor)


def settings(p, target):
    """Resolution, sampling and colour management."""
    options, render = p.scene.render, target.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = (
        options.width,
        options.height,
        100,
    )
    render.engine = "CYCLES" if options.engine == "cycles" else compat.eevee()
    if render.engine == "CYCLES":
        target.cycles.samples = options.samples
        target.cycles.use_denoising = not p.style.flat
        target.cycles.denoising_prefilter = "FAST"
        target.cycles.max_bounces = 4
        # Three lamps need no light tree; thousands of glowing elements make it cost half the time.
        target.cycles.use_light_tree = False
    target.view_settings.view_transform = p.style.view_transform
    target.view_settings.look = p.style.view_look
    target.view_settings.exposure = p.style.exposure
