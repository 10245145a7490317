"""What renders, as a scene file and the command line say it: "auto", "cpu", "optix", or cards: "cuda:0,2"."""

import re

from ..errors import InputError

DEVICE_KINDS = ("auto", "cpu", "cuda", "optix", "hip", "metal", "oneapi")
FALLBACKS = ("cpu", "stop")  # what becomes of a job whose card fails
_CARDS = re.compile(r"([a-z]+)(?::([0-9]{1,2}(?:,[0-9]{1,2})*))?")


def device_of(text: str) -> str:
    """A device as it is written: its kind in small letters, and the numbers of cards where there are some.
    Raises InputError."""
    said = text.strip().lower().replace(" ", "")
    found = _CARDS.fullmatch(said)
    if not found or found[1] not in DEVICE_KINDS or (found[2] and found[1] in ("auto", "cpu")):
        raise InputError(
            f'"{text[:40]}" is no device; there are {", ".join(DEVICE_KINDS)}, and cards by their numbers: '
            "cuda:0,1"
        )
    return said


def kind_and_cards(device: str) -> tuple[str, tuple[int, ...]]:
    """The kind of a device that `device_of` has read, and the numbers of its cards, () for all of them."""
    kind, _, cards = device.partition(":")
    return kind, tuple(dict.fromkeys(int(n) for n in cards.split(",") if n))
