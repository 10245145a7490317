"""Materials: every interior that a style may choose is there."""

import pytest

pytest.importorskip("bpy")

from matrix_cinema.blender.materials import interiors
from matrix_cinema.description import style


def test_every_interior_of_a_style_has_a_material():
    assert set(interiors.SHADERS) == set(style.INTERIORS)
