"""Scenes and plans from the tables of a description, as a scene file would hold them."""

from matrix_cinema.description.scene import Scene, from_dict
from matrix_cinema.staging.plan import Plan, plan


def scene_from(table: dict) -> Scene:
    """The description that a table holds."""
    return from_dict(Scene, table, "test")


def planned_from(table: dict) -> Plan:
    """The plan of the description that a table holds."""
    return plan(scene_from(table))
