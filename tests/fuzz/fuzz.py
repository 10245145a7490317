"""Gives the program inputs that are wrong in every way, and holds it to taking each well (see judge.py).

python tests/fuzz/fuzz.py --seed 1 --count 10000
python tests/fuzz/fuzz.py --replay build/fuzz/scenes-1-532.json

The same seed and count are the same inputs. One that falls is written to a file in build/fuzz/, from which
--replay gives it again. Inputs run in processes of their own, so that a crash or a run without an end is one
more verdict. Exit status 1 when anything fell.
"""

import argparse
import collections
import json
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from case import ROOT, Case
from kinds import KINDS, blends, made

WORKER = Path(__file__).resolve().parent / "worker.py"
HANGS = 600.0  # seconds of waiting for one answer, also on a machine that does other things
LAST_WORDS = 5.0  # seconds that a process has for removing its folder
INPUTS = 2_000  # of one process, in which memory may pile up


class Worker:
    """One process of worker.py, begun anew when it has ended or is old."""

    def __init__(self, blender: bool):
        self.blender, self.process, self.given = blender, None, 0

    def verdict(self, asked) -> dict:
        """The verdict on one input, also when the process does not live to give it."""
        if self.process is None or self.given >= INPUTS:
            self.close()
            self.start()
        self.given += 1
        try:
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        ready, _, _ = select.select([self.process.stdout], [], [], HANGS)
        line = self.process.stdout.readline() if ready else ""
        if line:
            return json.loads(line)
        fault = "does not end" if not ready else f"crashed with status {self.process.wait()}"
        self.close()
        return {"status": None, "seconds": HANGS if not ready else 0.0, "fault": fault, "said": ""}

    def start(self):
        environment = os.environ | {
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
        }
        command = [sys.executable, str(WORKER), *(["--blender"] if self.blender else [])]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.given = 0

    def close(self):
        """End the process, which removes its folder where it can still hear that."""
        if self.process is not None:
            try:
                self.process.communicate(timeout=LAST_WORDS)
            except (OSError, ValueError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.process = None


class Run:
    """Inputs of one seed, shared among workers; `counts` are by kind and by what became of them."""

    def __init__(self, asked, out: Path):
        self.asked, self.out, self.lock = iter(asked), out, threading.Lock()
        self.counts = collections.defaultdict(collections.Counter)
        self.slowest: tuple[float, str] = (0.0, "")
        self.faults: list[str] = []

    def work(self):
        workers = {blender: Worker(blender) for blender in (False, True)}
        while True:
            with self.lock:
                one = next(self.asked, None)
            if one is None:
                break
            kind = Case.load(Path(one)).kind if isinstance(one, str) else one[0]
            verdict = workers[KINDS[kind].blender].verdict(one)
            with self.lock:
                self.take(kind, one, verdict)
        for worker in workers.values():
            worker.close()

    def take(self, kind: str, one, verdict: dict):
        counts, name = self.counts[kind], one if isinstance(one, str) else f"{kind}-{one[1]}-{one[2]}"
        counts["inputs"] += 1
        counts[{0: "accepted", 1: "failed", 2: "refused"}.get(verdict["status"], "lost")] += 1
        self.slowest = max(self.slowest, (verdict["seconds"], name))
        if verdict["fault"]:
            counts["FAULTS"] += 1
            path = Path(one) if isinstance(one, str) else self.out / f"{name}.json"
            if not path.exists():
                made(*one).save(path)
            self.faults.append(f"{path}: {verdict['fault']}: {verdict['said'].strip()[-300:]}")
            print(self.faults[-1], flush=True)

    def table(self) -> str:
        heads = ("inputs", "accepted", "refused", "failed", "lost", "FAULTS")
        rows = [(kind, *(counts[head] for head in heads)) for kind, counts in self.counts.items()]
        rows.append(("all", *(sum(row[n] for row in rows) for n in range(1, len(heads) + 1))))
        lines = [
            f"{row[0]:<12}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in [("kind", *heads), *rows]
        ]
        return "\n".join([*lines, f"slowest: {self.slowest[1]}, {self.slowest[0]:.1f} s of the processor"])


def shares(kinds, count: int) -> dict[str, int]:
    """How many of `count` inputs there are of each kind."""
    whole = sum(KINDS[kind].share for kind in kinds)
    return {kind: max(1, round(count * KINDS[kind].share / whole)) for kind in kinds}


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2_000, help="of all kinds together")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--without-blender", action="store_true", help="leave out what needs it")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "fuzz", help="where inputs that fall are written"
    )
    parser.add_argument("--replay", nargs="+", metavar="FILE", help="give these inputs again")
    options = parser.parse_args(argv)
    kinds = [kind for kind in options.kinds if not (options.without_blender and KINDS[kind].blender)]
    numbers = shares(kinds, options.count)
    asked = options.replay or [(kind, options.seed, n) for kind, most in numbers.items() for n in range(most)]
    if "blends" in kinds and not options.replay:
        blends.prepare(options.out)
    run, begun = Run(asked, options.out), time.monotonic()
    threads = [threading.Thread(target=run.work) for _ in range(options.jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(run.table())
    print(f"{sum(one['inputs'] for one in run.counts.values())} inputs in {time.monotonic() - begun:.0f} s")
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main())
