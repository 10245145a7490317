"""Runs the capture tests on several releases of transformers: python scripts/capture_releases.py [RELEASE …]

Each release is installed into build/transformers-RELEASE, beside and not over the one in the
environment, and must give the same results.
"""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASES = ("4.46.3", "4.53.3", "4.57.6", "5.0.0")


def main():
    failed = [release for release in sys.argv[1:] or RELEASES if not passes(release)]
    sys.exit(f"failed on transformers {', '.join(failed)}" if failed else 0)


def passes(release):
    folder = ROOT / "build" / f"transformers-{release}"
    if not folder.is_dir():
        print(f"installing transformers {release} into {folder}", flush=True)
        # Packages in this folder hide those of the environment, so NumPy has to have the same version.
        wanted = [f"transformers=={release}", f"numpy=={version('numpy')}"]
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *wanted]
        subprocess.run(install, check=True)
    print(f"transformers {release}", flush=True)
    tests = [sys.executable, "-m", "pytest", "-q", "tests/test_capture_models.py"]
    return subprocess.run(tests, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(folder)}).returncode == 0


if __name__ == "__main__":
    main()
