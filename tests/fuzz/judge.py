"""Whether the program takes an input well: in time and memory, with a status of its own, in plain words."""

import contextlib
import io
import json
import os
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

from case import Case
from matrix_cinema.cli import commands
from matrix_cinema.description.source import open_source
from matrix_cinema.errors import InputError, JobError
from matrix_cinema.picture.drawing import film_of
from matrix_cinema.picture.figure_page import PanelGrid, Shown, cells_of, compose
from matrix_cinema.picture.figure_type import page_type
from matrix_cinema.staging.plan import plan

MOST_SECONDS = 20.0  # of the processor, for one job: a command, the layout of a film, or that of a figure
LONGEST_LINE = 2_000
WIDTH, DOTS = 238.0, 600  # points and dots of a figure
TYPE = page_type(7.0, lambda text, size: 0.55 * size * len(text))  # as Blender sets it, or about so
OURS = ("matrix-cinema: error: ", "matrix-cinema: warning: ")
GENERIC = ("run again with --traceback", "Traceback", "there is not enough memory")


@dataclass
class Verdict:
    """`fault` says what was not as it should be, "" for nothing; `said` is what came to standard error."""

    status: int | None = None
    seconds: float = 0.0
    fault: str = ""
    said: str = ""

    def as_dict(self) -> dict:
        return asdict(self)


def judged(case: Case, folder: Path) -> Verdict:
    """Run a case in an empty folder, in this process. A crash or an endless run is the caller's to notice."""
    command = case.put(folder)
    before, here, begun = set(folder.iterdir()), os.getcwd(), time.process_time()
    verdict, said = Verdict(), io.StringIO()
    os.chdir(folder)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(said),
            warnings.catch_warnings(record=True) as warned,
        ):
            warnings.simplefilter("always")
            verdict.status = commands.run(command)
            if case.composed and verdict.status == 0:
                verdict.fault = composed(command[1])
    except BaseException as error:  # `run` lets nothing through
        verdict.fault = f"{type(error).__name__} came out: {error}"
    finally:
        os.chdir(here)
    verdict.seconds, verdict.said = time.process_time() - begun, said.getvalue()
    if warned and not verdict.fault:
        verdict.fault = f"a warning: {warned[0].message}"
    verdict.fault = verdict.fault or fault(
        verdict, set(folder.iterdir()) - before, jobs=3 if case.composed else 1
    )
    return verdict


def composed(path: str) -> str:
    """What is wrong with laying out a scene that was accepted as a film and as a figure, "" for nothing."""
    try:
        scene = open_source(path).description
        film_of(plan(scene))
        compose(cells_of([Shown(scene)], DOTS), PanelGrid(1), TYPE, WIDTH / DOTS, WIDTH)
    except (InputError, JobError) as error:
        return "" if "\n" not in str(error) else f"an error of several lines: {error}"
    except Exception as error:
        return f"laying it out: {type(error).__name__}: {error}"
    return ""


def fault(verdict: Verdict, left: set[Path], jobs: int) -> str:
    """What is wrong with a run of so many jobs, by its status, its words, its time and what it left."""
    lines = verdict.said.splitlines()
    if verdict.status not in (0, 1, 2):
        return f"status {verdict.status}"
    if any(word in verdict.said for word in GENERIC):
        return "an error that is not told for people"
    if any(not line.startswith(OURS) and not _is_json(line) for line in lines):
        return "words that are not ours"
    if verdict.status and sum(not line.startswith(OURS[1]) for line in lines) != 1:
        return f"{len(lines)} lines for one error"
    if any(len(line) > LONGEST_LINE for line in lines):
        return f"a line of {max(map(len, lines)):,} letters"
    if verdict.status and left:
        return f"{sorted(path.name for path in left)} left behind by an error"
    if verdict.seconds > MOST_SECONDS * jobs:
        return f"{verdict.seconds:.0f} s"
    return ""


def _is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
