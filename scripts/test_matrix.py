"""Runs the tests on every Blender: all of them in .venv, those that depend on Blender in the others.

Two runs of pytest go at a time, and each Blender has several. Each line of output begins with the version of
its Blender. The script says which Blender was left out, names the tests that failed, and ends with one line
of totals. It exits with 1 if anything failed.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = (".venv", ".venv-4.5", ".venv-5.2")
# What depends on Blender, in runs of their own so that neither of the two at a time waits long for the other.
BLENDER_TESTS = {
    "scenes": ["tests/blender"],
    "outputs": ["tests/outputs", "tests/house/test_commands.py"],
    "the panel": ["tests/panel", "tests/window"],
}
OTHERS = "all but Blender's side"
OTHER_TESTS = ["tests", *(f"--ignore={path}" for paths in BLENDER_TESTS.values() for path in paths)]
# About how many seconds each run takes in the first environment, and in another.
SECONDS = {OTHERS: (480, 0), "scenes": (310, 220), "outputs": (330, 85), "the panel": (90, 65)}
WANTED = ("4.5", "5.0", "5.2")
VERSION = "import importlib.metadata; print(importlib.metadata.version('bpy'))"
# Two runs share the machine: NumPy and PyTorch with threads of their own would only wait for each other.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main():
    """Run everything; further arguments go to pytest."""
    blenders = {}  # version -> the interpreter that has it
    for environment in ENVIRONMENTS:
        python = ROOT / environment / "bin" / "python"
        if python.exists():
            version = subprocess.run([python, "-c", VERSION], capture_output=True, text=True).stdout.strip()
            blenders.setdefault(version, python)
    told, totals, failed = [], {"passed": 0, "failed": 0, "skipped": 0}, False
    jobs = jobs_of(list(blenders))
    with concurrent.futures.ThreadPoolExecutor(2) as lanes:
        runs = [
            lanes.submit(_pytest, blenders[version], version, [*arguments, *sys.argv[1:]])
            for version, _, arguments in jobs
        ]
    for (version, what, _), run in zip(jobs, runs, strict=True):
        status, last, seconds, fallen = run.result()
        found = re.findall(r"(\d+) (passed|failed|skipped|error)", last)
        counts = {word: int(n) for n, word in found}
        totals["passed"] += counts.get("passed", 0)
        totals["failed"] += counts.get("failed", 0) + counts.get("error", 0)
        totals["skipped"] += counts.get("skipped", 0)
        if status != 0:
            failed = True
            if not (counts.get("failed") or counts.get("error")):
                totals["failed"] += 1  # ended early, such as by a crash
        said = last.strip("= ") or f"ended with status {status}"
        told.append(f"Blender {version}, {what}: {said}, {seconds:.0f} s in all")
        told += [f"    {line}" for line in fallen]
    for wanted in WANTED:
        if not any(version.startswith(wanted + ".") for version in blenders):
            python = "3.13" if wanted >= "5.1" else "3.11"
            told.append(f"**** BLENDER {wanted} WAS NOT TESTED: no Python {python} with venv is here ****")
    print("====", *told, sep="\n")
    print(", ".join(f"{n} {word}" for word, n in totals.items()))
    return 1 if failed or not totals["passed"] else 0


def jobs_of(versions: list[str]) -> list[tuple[str, str, list[str]]]:
    """(version, what it tests, arguments of pytest) of each run, the longest first, so that both lanes end at
    about the same time."""
    first, *others = versions
    fewer = ["-m", "not one_blender"]
    jobs = [(first, OTHERS, OTHER_TESTS), *((first, *tests) for tests in BLENDER_TESTS.items())]
    jobs += [(other, what, [*paths, *fewer]) for what, paths in BLENDER_TESTS.items() for other in others]
    return sorted(jobs, key=lambda job: -SECONDS[job[1]][job[0] != first])


def _pytest(python, version, arguments):
    """Run pytest with its output shown; returns its exit status, last line, seconds, and what failed."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [python, "-m", "pytest", "-q", *arguments],
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    last, fallen = "", []
    for line in process.stdout:
        print(f"{version:<7} {line}", end="", flush=True)
        if re.search(r"\d+ (passed|failed|skipped|errors?)\b.* in ", line):
            last = line.strip()
        if line.startswith(("FAILED ", "ERROR ")):
            fallen.append(line.strip())
    return process.wait(), last, time.monotonic() - begun, fallen


if __name__ == "__main__":
    sys.exit(main())
