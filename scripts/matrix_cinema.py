"""The command line inside a Blender program: blender -b -P scripts/matrix_cinema.py -- render …

Works from a checkout without installing anything; the installed extension has
`blender --command matrix_cinema …` instead.
"""

import importlib.util
import sys
from pathlib import Path


def load_package():
    """The package of this checkout as `matrix_cinema`, also where pip has installed nothing."""
    folder = Path(__file__).resolve().parent.parent / "addon"
    spec = importlib.util.spec_from_file_location(
        "matrix_cinema", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["matrix_cinema"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    load_package()
    from matrix_cinema.cli.start import start

    given = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    sys.exit(start(given))
