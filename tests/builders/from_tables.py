"""Scenes and plans from the tables of a description, as a scene file would hold them."""

from matrix_cinema.description.scene import Scene, from_dict
from matrix_cinema.staging.plan import Plan, plan


def scene_from(table: dict) -> Scene:
    """The description that a table holds."""
    return from_dict(Scene, table, "test")


def planned_from(table: dict) -> Plan:
    """The plan of the description that a table holds."""
    return plan(scene_from(table))


def planned_of(expression: str, shapes: dict | None = None, init: str = "uniform", **tables) -> Plan:
    """The plan of an expression of made-up matrices of these shapes. `tables` are further tables of the
    description; what its "matrices" say is added."""
    matrices = {name: {"init": init, "shape": list(shape)} for name, shape in (shapes or {}).items()}
    for name, said in tables.pop("matrices", {}).items():
        matrices[name] = matrices.get(name, {}) | said
    return planned_from({"expression": expression, "matrices": matrices, **tables})
