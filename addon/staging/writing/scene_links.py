"""Links among the labels of a scene: in the room that these leave, or for which names make way."""

from collections.abc import Sequence

import numpy as np

from .boxes import strips
from .canvas import Canvas
from .items import Box
from .label_form import FILM_LABELS
from .links import NO_LINE, SOME_LINES, SOME_LINKS, Link, LinkForm, LinkRoom, links, with_words
from .placing import Option, Wish, Written, settle

POINT = FILM_LABELS.name / 8.0  # names are of 8 points on a page
LINK_SIGN_SIZE = 1.1 * FILM_LABELS.name
LINK_SIZES = (1.0, 0.7)  # of links; they are smaller where they have no room else
EDGE = 0.02  # of the frame, where no link stands
MAKE_WAY = {"name", "axis title"}
MADE_WAY = 40.0  # the most that it may cost all labels together
MOST_MOVED = 20.0  # and that it may cost one of them; it stays where it would cost more
OF_SMALL = 400.0  # what it costs that links are smaller, beside their own cost and that of labels


def with_links(
    canvas: Canvas, wishes: Sequence[Wish], taken: Sequence[Option], fixed: np.ndarray
) -> tuple[Sequence[Option], list[Link]]:
    """(the options that wishes take beside the links of a canvas, the links): those links, smaller ones, or
    ones for which names make way, that are best together with the names. Nothing stands in the boxes `fixed`,
    (n, 4)."""
    flat = canvas.p.scene.layout.scheme == "flat"
    for spared in (NO_LINE, SOME_LINES, SOME_LINKS) if flat else (SOME_LINES,):
        made = _with_links(canvas, wishes, taken, fixed, spared)
        if made[1]:
            break
    return made


def _with_links(
    canvas: Canvas, wishes: Sequence[Wish], taken: Sequence[Option], fixed: np.ndarray, spared: int
) -> tuple[Sequence[Option], list[Link]]:
    """As `with_links`, with links of which as much may be `spared`."""
    best: tuple[Sequence[Option], list[Link]] = (taken, [])
    least, most = np.inf, 1.0
    everyone = np.ones(len(wishes), bool)
    settled = np.array([wish.what not in MAKE_WAY for wish in wishes])
    for size in LINK_SIZES:
        if least <= OF_SMALL * (1.0 - size):
            break
        stays, before = everyone, ~everyone
        while (stays != before).any():
            kept = [(wishes[n], taken[n]) for n in np.flatnonzero(stays)]
            found = links(*_setting(canvas, kept, fixed, size), spared)
            anew = _around(wishes, taken, stays, fixed, found) if found else taken
            more = np.array([option.cost - old.cost for option, old in zip(anew, taken, strict=True)])
            cost = size * sum(link.cost for link in found) + more.sum() + OF_SMALL * (1.0 - size)
            if found and more.sum() <= MADE_WAY and cost < least:
                best, least, most = (anew, found), cost, size
            first, before = stays is everyone, stays
            stays = settled if first else stays | (more > MOST_MOVED)
    options, found = best
    kept = list(zip(wishes, options, strict=True))
    return options, with_words(*_setting(canvas, kept, fixed, most), found) if found else found


def _around(
    wishes: Sequence[Wish],
    taken: Sequence[Option],
    stays: np.ndarray,
    fixed: np.ndarray,
    found: Sequence[Link],
) -> list[Option]:
    """The options of wishes of which some stay as they are, and others make way for links."""
    held = [option.boxes for option, keeps in zip(taken, stays, strict=True) if keeps]
    way = [wish.options for wish, keeps in zip(wishes, stays, strict=True) if not keeps]
    moved = iter(settle(way, np.concatenate([fixed, _taken_by(found), *held])))
    return [one if keeps else next(moved) for one, keeps in zip(taken, stays, strict=True)]


def _setting(
    canvas: Canvas, kept: Sequence[tuple[Wish, Option]], fixed: np.ndarray, size: float
) -> tuple[Canvas, LinkForm, Box, LinkRoom]:
    """What `links` of a size need to know beside these wishes, each with its option."""
    boxes, lines = [fixed], []
    labels: dict[str, list[np.ndarray]] = {}
    for wish, option in kept:
        made = option.write() or Written()
        lines += [(leader.start, leader.end) for leader in made.leaders]
        for text in made.lines:
            boxes.append(text.boxes())
            if text.kind in ("token", "axis"):
                labels.setdefault(wish.owner, []).append(boxes[-1])
    along = {name: np.concatenate(own) for name, own in labels.items()}
    room = LinkRoom(np.concatenate(boxes), np.array(lines).reshape(-1, 2, 2), along)
    scale = canvas.type.scale
    edge = EDGE * scale
    area = edge, edge, canvas.width - edge, canvas.height - edge
    form = LinkForm(canvas.type, POINT * scale * size, LINK_SIGN_SIZE * size, FILM_LABELS.detail)
    return canvas, form, area, room


def _taken_by(found: Sequence[Link]) -> np.ndarray:
    """The boxes of links: (n, 4)."""
    texts = [text.boxes() for link in found for text in link.texts]
    ends = np.array([(line.start, line.end) for link in found for line in link.lines])
    return np.concatenate([*texts, strips(ends[:, 0], ends[:, 1], 0.0)])
