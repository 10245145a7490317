"""A scene file of one small matrix, with values of several magnitudes."""

VALUES = [[0.1, -2.5, 1e-3], [7.25, -0.3, 1e6 / 3]]
LOOK = '[look]\nlabels = false\nlegend = false\ntitle = false\nnumbers = "off"\nmin_size = 1.0\n'


def matrix_scene(folder, style, more=""):
    path = folder / "scene.toml"
    path.write_text(
        f'expression = "A"\n[matrices.A]\nvalues = {VALUES}\n{LOOK}style = "{style}"\n'
        f'[camera]\nview = "front"\n[render]\nwidth = 96\nheight = 64\nsamples = 4\n{more}'
    )
    return path
