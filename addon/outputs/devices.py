"""The devices for Cycles: which exist, which a job uses, and what happens if a card fails.

Cycles lists its devices in Blender's preferences, each with a kind, such as OPTIX. Several devices of one
kind render a picture together. A job sets its devices in the preferences, and sets the former ones again at
its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy

from ..description.device import device_of, kind_and_cards
from ..errors import InputError, JobError
from ..memory import available_memory
from .silence import blender_silenced

# "auto" takes the first kind that Cycles lists. OptiX and CUDA are the same cards, but OptiX is faster.
BEST_FIRST = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")
SPELLED = {"CPU": "CPU", "OPTIX": "OptiX", "CUDA": "CUDA", "HIP": "HIP", "METAL": "Metal", "ONEAPI": "oneAPI"}
# Cycles makes its programs ready for a card once, and its statistics stand still meanwhile.
FIRST_RENDER = "the first time on a card takes minutes to begin"
PIXEL_BYTES = 80  # of Cycles' buffers: colour, the denoiser's input and output, a value, a mask
TILE = 2048  # pixels, Cycles' own
_BUFFER_SHARE = 0.25  # of the free memory; a picture whose buffers take more is rendered in tiles
_ID, _DENOISES = 2, 5  # their positions in an entry of Cycles' list; the denoiser is OpenImageDenoise


@dataclass(frozen=True)
class Device:
    """A device that Cycles lists: `kind` and `name` as Cycles writes them, a unique `id`, and whether the
    denoiser runs on it."""

    kind: str
    name: str
    id: str
    denoises: bool = False


def listed() -> list[Device]:
    """All devices that Cycles lists: the cards, by kind in the order of BEST_FIRST, then the CPU."""
    preferences = _preferences()
    if preferences is None:
        return []
    with blender_silenced():  # Cycles complains about missing drivers
        lists = {kind: preferences.get_device_list(kind) for kind in (*BEST_FIRST, "CPU")}
    return [
        Device(kind, one[0], one[_ID], bool(one[_DENOISES]))
        for kind, devices in lists.items()
        for one in devices
        if one[1] == kind  # Cycles lists the CPU with every kind
    ]


def chosen(asked: str, fallback: str) -> tuple[list[Device], str]:
    """(the cards that a job uses, or [] for the CPU; a message about that, or ""). For a card that does not
    exist, the fallback "stop" raises InputError; otherwise the CPU is used."""
    try:
        cards = taken(asked)
    except InputError as error:
        if fallback == "stop":
            raise
        return [], f"{error}; the CPU renders"
    return cards, f"rendering on {told(cards)}; {FIRST_RENDER}" if cards else ""


def taken(asked: str) -> list[Device]:
    """The cards on this machine that the text of a device (`device_of`) means; [] for the CPU.

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
            f"`device` {asked}: Cycles lists no {SPELLED[kind.upper()]} card here; it has {others}"
        )
    wrong = [n for n in numbers if n >= len(mine)]
    if wrong:
        raise InputError(f"`device` {asked}: there is no card {wrong[0]}; they go from 0 to {len(mine) - 1}")
    return [mine[n] for n in numbers] or mine


def told(cards: Sequence[Device]) -> str:
    """Cards in words: "2 × NVIDIA L4 (OptiX)"."""
    names = [f"{one.name} ({SPELLED[one.kind]})" for one in cards] or ["the CPU"]
    counts = {name: names.count(name) for name in names}
    return " and ".join(name if n == 1 else f"{n} × {name}" for name, n in counts.items())


def changes(scene: bpy.types.Scene, cards: Sequence[Device], width: int, height: int) -> Iterator[tuple]:
    """The settings for pictures of this size on these cards, in order: (owner, name, value)."""
    if cards:
        preferences, ids = _preferences(), {one.id for one in cards}
        yield preferences, "compute_device_type", cards[0].kind
        for entry in preferences.devices:
            yield entry, "use", entry.id in ids and entry.type == cards[0].kind
    yield scene.cycles, "device", "GPU" if cards else "CPU"
    yield scene.cycles, "denoising_use_gpu", bool(cards) and all(one.denoises for one in cards)
    # Tiles go through a file on the disk, which costs a tenth more time. They change no pixel.
    free = available_memory()
    crowded = free is not None and width * height * PIXEL_BYTES > _BUFFER_SHARE * free
    yield scene.cycles, "use_auto_tile", bool(cards) or crowded
    yield scene.cycles, "tile_size", TILE


def fall_back(scene: bpy.types.Scene, cards: Sequence[Device], error: JobError, fallback: str) -> str:
    """After a card has failed, go on with the CPU. Returns a message about that. With the fallback "stop",
    raises JobError instead."""
    if fallback == "stop":
        raise JobError(f"{error}; that was on {told(cards)}; render without a card by `device` cpu") from None
    scene.cycles.device, scene.cycles.denoising_use_gpu = "CPU", False
    return f"{error}; that was on {told(cards)}: going on with the CPU"


def lines() -> list[str]:
    """The report of the command `devices`: each device by its name as a `device`, and what "auto" uses."""
    rows = [
        f"{name:10} {one.name}{'' if one.denoises else ' (denoising on the CPU)'}"
        for name, one in _named(listed()).items()
    ]
    return [*(rows or ["cpu"]), f"{'auto':10} takes {told(taken('auto'))}"]


def names() -> list[str]:
    """The devices that a render accepts on this machine."""
    found = listed()
    kinds = dict.fromkeys(one.kind.lower() for one in found if one.kind != "CPU")
    return list(dict.fromkeys(["auto", "cpu", *kinds, *_named(found)]))


def _named(found):
    """Devices by their names, such as "cuda:0"."""
    named: dict = {}
    for one in found:
        number = sum(other.kind == one.kind for other in named.values())
        named["cpu" if one.kind == "CPU" else f"{one.kind.lower()}:{number}"] = one
    return named


def _ticked(cards):
    """The cards that are ticked in Blender's preferences, of the kind that is chosen there."""
    preferences = _preferences()
    if preferences is None or preferences.compute_device_type == "NONE":
        return []
    kind = preferences.compute_device_type
    ids = {entry.id for entry in preferences.devices if entry.use and entry.type == kind}
    return [one for one in cards if one.kind == kind and one.id in ids]


def _preferences():
    """The preferences of Cycles, or None if that add-on is not enabled."""
    cycles = bpy.context.preferences.addons.get("cycles")
    return cycles and cycles.preferences
