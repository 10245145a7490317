"""A process that judges inputs: it reads lines of JSON, a kind, seed and number or the file of a case, and
answers each with its verdict. Its memory is limited, and torch is as if not installed; so is Blender unless
it is asked for.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

MOST_BYTES = 2 * 10**9  # more than there was at the start


def main(blender: bool) -> None:
    for name in ("torch", "transformers", *(() if blender else ("bpy",))):
        sys.modules[name] = None
    from case import Case
    from judge import judged
    from kinds import made

    # Loaded before memory is limited, which is to be that of inputs alone.
    if blender:
        import bpy  # noqa: F401
    answers = os.fdopen(os.dup(1), "w")  # what Blender says goes elsewhere
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    limit_memory()
    with tempfile.TemporaryDirectory(prefix="matrix-cinema-fuzz-") as folder:
        for n, line in enumerate(sys.stdin):
            asked = json.loads(line)
            case = Case.load(Path(asked)) if isinstance(asked, str) else made(*asked)
            own = Path(folder) / str(n) / "in"  # so that what is written to ../x stays here too
            own.mkdir(parents=True)
            print(json.dumps(judged(case, own).as_dict()), file=answers, flush=True)
            remove(own.parent)
    os._exit(0)  # Blender's module may hang at the end


def limit_memory() -> None:
    """Leave MOST_BYTES of address space, where the system can."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        return
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(blender="--blender" in sys.argv)
