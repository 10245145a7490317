"""Makes an opened .blend harmless: a render of it writes only the picture that was asked for.

Everything that can write while a scene is evaluated or rendered is switched off in memory. These are file
outputs of compositors, caches on the disk, converted textures, stereo pictures, and scripts of Freestyle and
shaders.
"""

import bpy


def make_harmless() -> None:
    """In the open file, switch off everything that would write other files than the picture."""
    for tree in _compositors():
        for node in [node for node in tree.nodes if node.bl_idname == "CompositorNodeOutputFile"]:
            tree.nodes.remove(node)
    for scene in bpy.data.scenes:
        _switch_off(scene.render, "use_render_cache", "use_auto_generate_texture_cache", "use_multiview")
        _switch_off(getattr(scene, "svg_export", None), "use_svg_export")
        _switch_off(getattr(scene, "cycles", None), "shading_system")  # Open Shading Language can write files
        for layer in scene.view_layers:
            if layer.freestyle_settings.mode == "SCRIPT":
                layer.use_freestyle = False
        if scene.rigidbody_world:
            _switch_off(scene.rigidbody_world.point_cache, "use_disk_cache")
    for ob in bpy.data.objects:
        for system in ob.particle_systems:
            _switch_off(system.point_cache, "use_disk_cache")
        for modifier in ob.modifiers:
            _switch_off(getattr(modifier, "point_cache", None), "use_disk_cache")
            _keep_from_disk(modifier)


def _compositors():
    yield from (tree for tree in bpy.data.node_groups if tree.bl_idname == "CompositorNodeTree")
    for scene in bpy.data.scenes:
        if getattr(scene, "node_tree", None):  # before Blender 5.0
            yield scene.node_tree


def _keep_from_disk(modifier):
    """Keep physics from writing the results of simulations to files."""
    if modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
        domain = modifier.domain_settings
        _switch_off(domain, "export_manta_script")
        if domain.cache_type == "REPLAY":  # simulated and written during playback
            modifier.show_viewport = modifier.show_render = False
    if modifier.type == "DYNAMIC_PAINT" and modifier.canvas_settings:
        for surface in modifier.canvas_settings.canvas_surfaces:
            _switch_off(surface.point_cache, "use_disk_cache")


def _switch_off(owner, *names):
    for name in names:
        if owner is not None and getattr(owner, name, False):
            setattr(owner, name, False)
