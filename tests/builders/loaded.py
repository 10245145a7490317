"""The matrices of a scene's expression, read."""

from matrix_cinema.description.matrices import open_matrices


def load_matrices(scene, names, initialise):
    return {name: one.load() for name, one in open_matrices(scene, names, initialise).items()}
