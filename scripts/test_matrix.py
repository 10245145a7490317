"""Runs the tests on every Blender: all of them in .venv, those that touch Blender in the others.

Says which Blender was left out, and closes with one line of totals. Exit status 1 when anything
failed.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

WANTED = ("4.5", "5.0", "5.2")
VERSION = "import importlib.metadata; print(importlib.metadata.version('bpy'))"


def main():
    """Run everything; further arguments go to pytest."""
    root = Path(__file__).resolve().parent.parent
    blender_tests = sorted(str(path.relative_to(root)) for path in root.glob("tests/test_blender_*.py"))
    runs = [(".venv", []), (".venv-4.5", blender_tests), (".venv-5.2", blender_tests)]
    told, totals, failed, tested = [], {"passed": 0, "failed": 0, "skipped": 0}, False, []
    for environment, tests in runs:
        python = root / environment / "bin" / "python"
        if not python.exists():
            continue
        version = subprocess.run([python, "-c", VERSION], capture_output=True, text=True).stdout.strip()
        if version in tested:
            continue
        tested.append(version)
        print(f"==== Blender {version} in {environment}", flush=True)
        begun = time.monotonic()
        status, last = _pytest(python, root, [*tests, *sys.argv[1:]])
        found = re.findall(r"(\d+) (passed|failed|skipped|error)", last)
        counts = {word: int(n) for n, word in found}
        totals["passed"] += counts.get("passed", 0)
        totals["failed"] += counts.get("failed", 0) + counts.get("error", 0)
        totals["skipped"] += counts.get("skipped", 0)
        if status != 0:
            failed = True
            if not (counts.get("failed") or counts.get("error")):
                totals["failed"] += 1  # ended early, such as by a crash
        told.append(f"Blender {version}: {last.strip('= ') or f'ended with status {status}'}, "
                    f"{time.monotonic() - begun:.0f} s in all")
    for wanted in WANTED:
        if not any(version.startswith(wanted + ".") for version in tested):
            python = "3.13" if wanted >= "5.1" else "3.11"
            told.append(f"**** BLENDER {wanted} WAS NOT TESTED: no Python {python} with venv is here ****")
    print("====", *told, sep="\n")
    print(", ".join(f"{n} {word}" for word, n in totals.items()))
    return 1 if failed or not totals["passed"] else 0


def _pytest(python, root, arguments):
    """Run pytest with its output shown; returns its exit status and its last line."""
    process = subprocess.Popen([python, "-m", "pytest", "-q", *arguments], cwd=root,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    last = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        if re.search(r"\d+ (passed|failed|skipped|errors?)\b.* in ", line):
            last = line.strip()
    return process.wait(), last


if __name__ == "__main__":
    sys.exit(main())
