"""Where a camera stands: the direction of each named view."""

from .framing import DIRECTIONS


def direction_of(p):
    """From the scene of a plan towards its camera, (3,)."""
    return DIRECTIONS[p.scene.camera.view]
