"""The values of a command line: a function for each kind of value makes it from its text.

Each raises argparse.ArgumentTypeError for a text that is no such value; argparse writes the error.
"""

import argparse
import re
from collections.abc import Callable

from ..description.device import device_of
from ..description.frame_rate import rate_of
from ..errors import InputError


def size(text: str) -> tuple[int, int]:
    """(width, height) in pixels: "1280x720"."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and all(16 <= int(n) <= 16384 for n in (width, height))):
        raise argparse.ArgumentTypeError(f'"{text}" is not a size such as 1280x720 (16 to 16384 each)')
    return int(width), int(height)


def frames(text: str) -> tuple[int, int]:
    """(first frame, last frame): "1-48"."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f'"{text}" is not a range of frames such as 1-48')
    return int(first), int(last)


def numbers(text: str) -> list[int]:
    """Numbers in ascending order, each once: "0,3,5" or "0-3"."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last) <= 9999):
            raise argparse.ArgumentTypeError(f'"{text}" are not numbers such as 0,3,5 or 0-3')
        found.update(range(int(first), int(last) + 1))
    return sorted(found)


def passes(text: str) -> str | tuple[int, ...]:
    """Passes of a model: numbers, or "all"."""
    return text if text == "all" else tuple(numbers(text))


def layers(text: str) -> list[int | str]:
    """Layers of a capture by number or name: "0,3,decoder.5"."""
    chosen: list[int | str] = []
    for part in text.split(","):
        named = re.fullmatch(r"\s*(\w+\.[0-9]{1,6}(\.cross)?|[0-9]{1,6}\.cross)\s*", part)
        chosen += [named[1]] if named else numbers(part)
    return chosen


def parts(text: str) -> tuple[str, ...]:
    """Additional parts of a head to show: "steps,output"."""
    return tuple(part.strip() for part in text.split(","))


def fps(text: str) -> float:
    """Frames per second: "24", "23.976" or "24000/1001"."""
    try:
        return rate_of(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def device(text: str) -> str:
    """The device that renders: "cpu", "optix", "cuda:0,1"."""
    try:
        return device_of(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def points(text: str) -> float:
    """A size of type in points."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 3.0 <= found <= 72.0:
        raise argparse.ArgumentTypeError(f'"{text}" is not a size of type from 3 to 72 points')
    return found


def whole(what: str, low: int, high: int) -> Callable[[str], int]:
    """The function for whole numbers of `what` from `low` to `high`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f'"{text}" is not a number of {what} from {low} to {high}')
        return int(text)

    return read


chunk = whole("frames", 1, 10_000)
columns = whole("columns", 1, 64)
dpi = whole("dots per inch", 36, 2400)
samples = whole("samples", 1, 65536)
