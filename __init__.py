"""The root of the Blender extension; everything lives in `addon`."""

from .addon import register, unregister  # noqa: F401
