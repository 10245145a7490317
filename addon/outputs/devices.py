"""The devices that Cycles renders on: which there are, which are taken, and the CPU where a card fails.

Cycles lists its devices in Blender's preferences, each with a kind, such as OPTIX. Several of one kind render
one picture together. What a job takes is set in the preferences for as long as it lasts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy

from ..description.device import device_of, kind_and_cards
from ..errors import InputError, JobError
from ..memory import available_memory
from .silence import blender_silenced

# The first of these that Cycles lists is taken by "auto": OptiX and CUDA are the same cards, OptiX faster.
BEST_FIRST = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")
SPELLED = {"CPU": "CPU", "OPTIX": "OptiX", "CUDA": "CUDA", "HIP": "HIP", "METAL": "Metal", "ONEAPI": "oneAPI"}
# Cycles makes its programs ready for a card once, and its statistics stand still meanwhile.
FIRST_RENDER = "the first time on a card takes minutes to begin"
PIXEL_BYTES = 80  # of Cycles' own buffers: colour, what the denoiser is given and makes, a value, a mask
TILE = 2048  # pixels, Cycles' own
_BUFFER_SHARE = 0.25  # of the free memory, for the buffers of a picture without tiles
_ID, _DENOISES = 2, 5  # where Cycles' list has these; the denoiser is OpenImageDenoise


@dataclass(frozen=True)
class Device:
    """One that Cycles lists: its `kind` and `name` as Cycles calls them, an `id` that no other has; whether
    the denoiser runs on it."""

    kind: str
    name: str
    id: str
    denoises: bool = False


def listed() -> list[Device]:
    """All that Cycles lists: the cards, the kinds in the order of BEST_FIRST, then the CPU."""
    preferences = _preferences()
    if preferences is None:
        return []
    with blender_silenced():  # of drivers that are not there
        lists = {kind: preferences.get_device_list(kind) for kind in (*BEST_FIRST, "CPU")}
    return [
        Device(kind, one[0], one[_ID], bool(one[_DENOISES]))
        for kind, devices in lists.items()
        for one in devices
        if one[1] == kind  # with every kind the CPU is told too
    ]


def chosen(asked: str, fallback: str) -> tuple[list[Device], str]:
    """The cards that a job takes, [] for the CPU, and what is to be told of that, "" where there are none.
    What is asked for and not there makes an InputError with the fallback "stop", else the CPU is taken."""
    try:
        cards = taken(asked)
    except InputError as error:
        if fallback == "stop":
            raise
        return [], f"{error}; the CPU renders"
    return cards, f"rendering on {told(cards)}; {FIRST_RENDER}" if cards else ""


def taken(asked: str) -> list[Device]:
    """The cards that a device, written as `device_of` reads it, means here; [] for the CPU.

    "auto" means what is ticked in Blender's preferences, else all cards of the best kind. Raises InputError
    for a card that Cycles does not list.
    """
    kind, numbers = kind_and_cards(device_of(asked))
    if kind == "cpu":
        return []
    cards = [one for one in listed() if one.kind != "CPU"]
    if kind == "auto":
        return _ticked(cards) or [one for one in cards if one.kind == cards[0].kind]
    mine = [one for one in cards if one.kind == kind.upper()]
    if not mine:
        others = ", ".join(dict.fromkeys(one.kind.lower() for one in cards)) or "only the CPU"
        raise InputError(
            f"--device {asked}: Cycles lists no {SPELLED[kind.upper()]} card here; it has {others}"
        )
    wrong = [n for n in numbers if n >= len(mine)]
    if wrong:
        raise InputError(f"--device {asked}: there is no card {wrong[0]}; they go from 0 to {len(mine) - 1}")
    return [mine[n] for n in numbers] or mine


def told(cards: Sequence[Device]) -> str:
    """Cards in words: "2 × NVIDIA L4 (OptiX)"."""
    names = [f"{one.name} ({SPELLED[one.kind]})" for one in cards] or ["the CPU"]
    counts = {name: names.count(name) for name in names}
    return " and ".join(name if n == 1 else f"{n} × {name}" for name, n in counts.items())


def changes(scene: bpy.types.Scene, cards: Sequence[Device], width: int, height: int) -> Iterator[tuple]:
    """What is to be set for pictures of this size on these cards: (owner, name, value), in this order."""
    if cards:
        preferences, ids = _preferences(), {one.id for one in cards}
        yield preferences, "compute_device_type", cards[0].kind
        for entry in preferences.devices:
            yield entry, "use", entry.id in ids and entry.type == cards[0].kind
    yield scene.cycles, "device", "GPU" if cards else "CPU"
    yield scene.cycles, "denoising_use_gpu", bool(cards) and all(one.denoises for one in cards)
    # Tiles go through a file on the disk and make a frame a tenth dearer. They change no pixel.
    free = available_memory()
    yield scene.cycles, "use_auto_tile", bool(cards) or _crowds(width * height * PIXEL_BYTES, free)
    yield scene.cycles, "tile_size", TILE


def fall_back(scene: bpy.types.Scene, cards: Sequence[Device], error: JobError, fallback: str) -> str:
    """Go on with the CPU after a card failed, and what is to be told of it; with the fallback "stop", raises
    JobError."""
    if fallback == "stop":
        raise JobError(f"{error}; that was on {told(cards)}; --device cpu does without") from None
    scene.cycles.device, scene.cycles.denoising_use_gpu = "CPU", False
    return f"{error}; that was on {told(cards)}: going on with the CPU"


def lines() -> list[str]:
    """What the command `devices` tells: a line for each device, as --device names it; what "auto" takes."""
    rows = [
        f"{name:10} {one.name}{'' if one.denoises else ' (denoising on the CPU)'}"
        for name, one in _named(listed()).items()
    ]
    return [*(rows or ["cpu"]), f"{'auto':10} takes {told(taken('auto'))}"]


def names() -> list[str]:
    """What --device may be here."""
    found = listed()
    kinds = dict.fromkeys(one.kind.lower() for one in found if one.kind != "CPU")
    return list(dict.fromkeys(["auto", "cpu", *kinds, *_named(found)]))


def _named(found):
    """Devices by the names that --device has for them, such as "cuda:0"."""
    named: dict = {}
    for one in found:
        number = sum(other.kind == one.kind for other in named.values())
        named["cpu" if one.kind == "CPU" else f"{one.kind.lower()}:{number}"] = one
    return named


def _ticked(cards):
    """The cards of the kind that Blender's preferences have, as far as they are ticked there."""
    preferences = _preferences()
    if preferences is None or preferences.compute_device_type == "NONE":
        return []
    kind = preferences.compute_device_type
    ids = {entry.id for entry in preferences.devices if entry.use and entry.type == kind}
    return [one for one in cards if one.kind == kind and one.id in ids]


def _crowds(need, free):
    return free is not None and need > _BUFFER_SHARE * free


def _preferences():
    """Cycles' preferences in Blender's; None where the add-on is not among them."""
    cycles = bpy.context.preferences.addons.get("cycles")
    return cycles and cycles.preferences
