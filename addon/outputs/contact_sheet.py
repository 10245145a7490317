"""A contact sheet: the patterns of all heads of a capture in one figure, drawn by matplotlib.

Rows are layers and columns are heads. In each pattern, queries run down and keys to the right; all share one
colour scale from 0 to 1. Entries that the mask hides are absent: the outline of a pattern runs around the
others. Nothing here needs Blender.
"""

import contextlib
import re
import unicodedata
from pathlib import Path

import numpy as np

from ..attention.naming import head_name
from ..attention.patches import crops, grid_of
from ..attention.statistics import pair_text, statistics_of, worth_filming
from ..attention.tokens import as_labels, unjoined
from ..errors import InputError, needs_extra
from ..formats.capture_file import Capture
from ..look.color_maps import color_map
from ..look.styles import rule_color, soft_color, style
from .files import require_file_place, written_whole
from .font_files import NUMBERED, REGULAR, as_set, families
from .formats import FIGURES, require_suffix

MOST_HEADS = 4096
MOST_LABELS = 28  # along an axis; of more tokens only every n-th is written, to be legible
LABEL_LETTERS = 12  # letters; as in "U+200D(1/3)₁"
DOTS = 400  # a larger pattern is cut into so many parts, each drawn by its largest weight
# Inches, and points of type.
LEAST_SIDE, MOST_SIDE, TOKEN = 0.75, 2.2, 0.088
PATTERN_GAP, PAGE_MARGIN, PATTERN_HEAD = 0.10, 0.12, 0.27
SEEN, STRIP = 0.9, 0.09  # the picture that a model saw, and its patches beside a pattern
PATCH = 12  # pixels along each side of such a patch
TITLE_TYPE, NAME_TYPE, TOKEN_TYPE = 9.0, 6.5, 5.0
_PLACE = re.compile(r"(?:\([1-4]/[1-4]\))?[₀-₉]*$")
OWN = "DejaVu Sans"  # matplotlib's typeface; other fonts have the letters that it lacks


def draw_sheet(
    capture: Capture,
    path: Path,
    *,
    layer: int | str | None = None,
    head: int | None = None,
    look: str = "paper",
) -> int:
    """Draw the patterns of a capture, or of one layer or head of it, to a PNG, PDF or SVG file.

    `look` names the style whose background, colour of type and probability map are used. Returns the number
    of drawn heads. Raises InputError for an unknown layer, head, style or suffix, and for a capture without
    patterns; JobError without matplotlib.
    """
    require_file_place(path)
    kind = require_suffix(path, FIGURES)[1:]
    chosen = style(look, "`style`")
    layers = [capture.layer(layer)] if layer is not None else list(capture.layers.values())
    rows = [
        (one, one.heads if head is None else (head,))
        for one in layers
        if "pattern" in capture.names(one.name)
    ]
    count = sum(len(heads) for _, heads in rows)
    if not count:
        raise InputError(f"{capture.path}: no layer has queries and keys, so there are no patterns to draw")
    if count > MOST_HEADS:
        raise InputError(f"{capture.path}: {count} heads are too many for one sheet; choose by `layer`")
    told = statistics_of(capture, rows)
    matplotlib = _matplotlib()
    settings = {"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "sheet"}
    with _fonts(matplotlib, capture, rows) as (fonts, missing), matplotlib.rc_context(settings | fonts):
        figure = _ContactSheet(matplotlib, capture, rows, told, chosen, missing).figure
        # Without dates and versions the same capture makes the same bytes.
        plain = {
            "png": {"Software": None},
            "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
            "svg": {"Date": None},
        }[kind]
        dots = min(220.0, 16_000 / max(figure.get_size_inches()))
        with written_whole(path) as part:
            figure.savefig(part, format=kind, dpi=dots, facecolor=figure.get_facecolor(), metadata=plain)
            if kind == "svg":  # readers of an SVG find fonts by name
                part.write_text(re.sub(f"{NUMBERED}[0-9]+", "", part.read_text("utf-8")), "utf-8")
    return count


def _matplotlib():
    try:
        import matplotlib.collections
        import matplotlib.figure
        import matplotlib.font_manager
        import matplotlib.patches
    except ImportError as error:
        raise needs_extra(
            error, "a sheet needs matplotlib", "figures", "or run this outside Blender"
        ) from None
    return matplotlib


@contextlib.contextmanager
def _fonts(matplotlib, capture, rows):
    """(matplotlib settings with fonts for the text of a sheet, letters that no font has)."""
    texts = [capture.text, *map(str, capture.model.values())]
    texts += [token for layer, _ in rows for token in (*layer.tokens_q, *layer.tokens_k)]
    own = matplotlib.font_manager.findfont(OWN)
    has = set(map(chr, matplotlib.ft2font.FT2Font(own).get_charmap()))
    letters = {letter for text in texts for letter in as_set(unicodedata.normalize("NFC", text))} - has
    try:
        with families({REGULAR: letters}) as (names, missing):
            yield {"font.family": [OWN, *names[REGULAR]]}, missing
    except ImportError:  # without fontTools
        yield {"font.family": [OWN]}, letters


class _ContactSheet:
    """The figure of a sheet, laid out in inches from its top left corner. Letters that are `missing` in the
    fonts are written as their code points."""

    def __init__(self, matplotlib, capture, rows, told, chosen, missing=frozenset()):
        self.matplotlib, self.capture, self.chosen = matplotlib, capture, chosen
        self.missing = {ord(letter): f"U+{ord(letter):04X}" for letter in missing}
        self.statistics = {(layer.name, head): s for layer, head, s in told}
        self.worth = {(one.layer, one.head): one for one in worth_filming(told)}
        self.rule = rule_color(chosen)
        self.accent = (0.93, 0.53, 0.10)
        self.map = matplotlib.colors.ListedColormap(color_map(chosen.unsigned_map) / 255.0)
        tokens = max(max(layer.sizes.get("Q", 1), layer.sizes.get("K", 1)) for layer, _ in rows)
        self.side = min(max(TOKEN * tokens, LEAST_SIDE), MOST_SIDE)
        labels = [self.labels(t) for layer, _ in rows for t in (layer.tokens_q, layer.tokens_k)]
        longest = max((_width(text) for some in labels for text in some), default=0)
        self.picture = capture.picture
        strip = 0.0 if self.picture is None else STRIP
        self.left = PAGE_MARGIN + 0.055 * longest + 0.08 + strip
        self.foot = 0.055 * longest + 0.08 + strip
        self.top = 0.5 if self.picture is None else SEEN + 0.25
        columns = max(len(heads) for _, heads in rows)
        # Keys are written once under all layers that share them.
        self.footed = [
            n
            for n, (layer, _) in enumerate(rows)
            if n + 1 == len(rows) or rows[n + 1][0].tokens_k != layer.tokens_k
        ]
        self.width = max(self.left + columns * (self.side + PATTERN_GAP) + PAGE_MARGIN, 3.4)
        tall = [
            self.size(layer)[1] + PATTERN_HEAD + self.foot * (n in self.footed)
            for n, (layer, _) in enumerate(rows)
        ]
        height = self.top + sum(tall) + 0.5
        self.figure = matplotlib.figure.Figure(figsize=(self.width, height), facecolor=chosen.background)
        self.height = height
        self.heading()
        y = self.top
        for n, (layer, heads) in enumerate(rows):
            for column, head in enumerate(heads):
                x = self.left + column * (self.side + PATTERN_GAP)
                self.pattern(layer, head, x, y + PATTERN_HEAD, first=column == 0, last=n in self.footed)
            y += tall[n]
        self.legend()

    def size(self, layer):
        """Width and height of a pattern of this layer, in inches."""
        rows, columns = layer.sizes["Q"], layer.sizes["K"]
        return self.side * columns / max(rows, columns), self.side * rows / max(rows, columns)

    def axes(self, x, y, width, height):
        """Axes at a place in inches from the top left."""
        box = (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(box)
        axes.set_facecolor(self.chosen.background)
        axes.tick_params(length=0, pad=1.5, labelsize=TOKEN_TYPE, labelcolor=self.chosen.text)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def write(self, x, y, text, size, color=None, **how):
        self.figure.text(
            x / self.width,
            1 - y / self.height,
            as_set(self.shown(text)),
            fontsize=size,
            parse_math=False,
            color=color or self.chosen.text,
            va=how.pop("va", "baseline"),
            **how,
        )

    def heading(self):
        model, text = self.capture.model, " ".join(self.capture.text.split())
        name = str(model.get("name") or model.get("class") or "Attention").rpartition("/")[2]
        self.write(PAGE_MARGIN, 0.25, name, TITLE_TYPE, weight="bold")
        room = (
            self.width - 2 * PAGE_MARGIN - (0 if self.picture is None else self.seen(*self.picture.shape[:2]))
        )
        self.write(PAGE_MARGIN, 0.42, _cut(text, room / 0.064), NAME_TYPE, soft_color(self.chosen))

    def seen(self, rows, columns):
        """Draw the picture that the model saw, in the upper right, with the lines between its patches.
        Returns the width that it takes."""
        width, height = np.array([columns, rows]) / max(rows, columns) * SEEN
        axes = self.axes(self.width - PAGE_MARGIN - width, PAGE_MARGIN, width, height)
        axes.imshow(self.picture, extent=(0, 1, 1, 0), aspect="auto", interpolation="nearest")
        grids = {grid_of(tokens) for layer in self.capture.layers.values() for tokens in (layer.tokens_q,)}
        for grid in filter(None, grids):
            for count, line in zip(grid, (axes.axhline, axes.axvline), strict=True):
                for n in range(1, count):
                    line(n / count, color=self.chosen.background, linewidth=0.3)
        return width

    def pattern(self, layer, head, x, y, first, last):
        """One head: its pattern, its name above, and tokens at the left and below where asked for."""
        weights = self.capture.tensor(layer.name, "pattern", head)
        allowed = self.capture.allowed(layer.name, head)
        rows, columns = weights.shape
        width, height = self.size(layer)
        axes = self.axes(x, y, width, height)
        name = head_name(layer.name, head)
        worth = self.worth.get((layer.name, head))
        color = self.accent if worth else self.chosen.text
        self.write(x, y - 0.05, name, NAME_TYPE, color, weight="bold" if worth else "normal")
        if worth:
            room = (self.side - 0.06 - 0.052 * len(name)) / 0.040
            says = f"{worth.what} {worth.share:.2f}".replace('"', "")
            says = says if _width(says) <= room else f"{worth.share:.2f}"
            self.write(x + width, y - 0.05, says, TOKEN_TYPE, color, ha="right")
        shown, seen = _largest_of_parts(weights), _largest_of_parts(allowed)
        axes.imshow(
            np.ma.masked_array(shown, ~seen),
            cmap=self.map,
            vmin=0.0,
            vmax=1.0,
            aspect="auto",
            interpolation="nearest",
            extent=(-0.5, columns - 0.5, rows - 0.5, -0.5),
        )
        self.outline(axes, allowed, color, 1.1 if worth else 0.5)
        pair = self.statistics[layer.name, head].pair
        if worth and pair and worth.what == pair_text(layer, pair):
            radius = 0.8 + 0.012 * max(rows, columns)
            axes.add_patch(
                self.matplotlib.patches.Circle(
                    (pair[1], pair[0]), radius, fill=False, color=self.accent, linewidth=0.9, clip_on=False
                )
            )
        if first:
            self.tokens(axes.yaxis, layer.tokens_q)
            self.patches(layer.tokens_q, x - STRIP, y, STRIP, height, down=True)
        if last:
            self.tokens(axes.xaxis, layer.tokens_k)
            for label in axes.get_xticklabels():
                label.set(rotation=90)
            self.patches(layer.tokens_k, x, y + height, width, STRIP, down=False)

    def patches(self, tokens, x, y, width, height, down):
        """Draw the patch of each token at the edge of a pattern."""
        parts = None if self.picture is None else crops(self.picture, tokens, PATCH)
        if parts is not None:
            strip = np.concatenate(parts, axis=0 if down else 1)
            axes = self.axes(x, y, width, height)
            axes.imshow(strip, aspect="auto", interpolation="nearest")
            axes.set_axis_off()

    def shown(self, text):
        """A text in letters that the fonts have: accents are joined with their letters, missing ones become
        numbers."""
        return unjoined(unicodedata.normalize("NFC", text)).translate(self.missing)

    def labels(self, tokens):
        """Tokens as labels, cut to LABEL_LETTERS letters."""
        return [_cut(self.shown(token), LABEL_LETTERS) for token in as_labels(tokens)]

    def tokens(self, axis, tokens):
        texts = self.labels(tokens)
        places = range(0, len(texts), -(-len(texts) // MOST_LABELS) if texts else 1)
        axis.set_ticks(list(places), [as_set(texts[n]) for n in places])
        if self.picture is not None and grid_of(tokens):
            axis.set_tick_params(pad=1.5 + 72 * STRIP)
        for label in axis.get_ticklabels():
            label.set_parse_math(False)

    def outline(self, axes, allowed, color, width):
        """Draw a line around the entries that the mask keeps."""
        padded = np.pad(allowed, 1)
        i, j = np.nonzero(padded[1:] != padded[:-1])  # below row i of `padded`
        lines = [((b - 1.5, a - 0.5), (b - 0.5, a - 0.5)) for a, b in zip(i, j, strict=True)]
        i, j = np.nonzero(padded[:, 1:] != padded[:, :-1])
        lines += [((b - 0.5, a - 1.5), (b - 0.5, a - 0.5)) for a, b in zip(i, j, strict=True)]
        color = color if width > 1 else self.rule
        axes.add_collection(
            self.matplotlib.collections.LineCollection(
                lines, colors=[color], linewidths=width, clip_on=False, capstyle="projecting"
            )
        )

    def legend(self):
        """Draw the colour scale, and a line that explains the sheet."""
        y = self.height - 0.32
        bar = self.axes(self.left, y, 1.2, 0.08)
        bar.imshow(np.linspace(0, 1, 256)[None], cmap=self.map, aspect="auto", extent=(0, 1, 0, 1))
        bar.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        for spine in bar.spines.values():
            spine.set(visible=True, color=self.rule, linewidth=0.5)
        says = "attention weight"
        if self.width > 5.2:
            says += " · rows: queries, columns: keys · orange: worth filming"
        self.write(self.left + 1.28, y + 0.075, says, NAME_TYPE)


def _width(text):
    """The width of a text, in widths of a Latin letter."""
    widths = {"W": 1.6, "F": 1.6}
    return sum(
        0.0 if unicodedata.combining(letter) else widths.get(unicodedata.east_asian_width(letter), 1.0)
        for letter in text
    )


def _cut(text, longest):
    """The text, cut to a width of at most `longest`, with an ellipsis where it is cut. Its end stays if that
    is the part of a character or the place that tells equal tokens apart."""
    place = _PLACE.search(text)[0]  # type: ignore[index]
    if _width(text) <= longest:
        return text
    text = text.removesuffix(place)
    while text and _width(text + place) > longest - 1:
        text = text[:-1]
    return f"{text}…{place}"


def _largest_of_parts(array):
    """The array, or the largest entry of each of DOTS parts along an axis that has more entries."""
    for axis, n in enumerate(array.shape):
        if n > DOTS:
            array = np.maximum.reduceat(array, np.arange(DOTS) * n // DOTS, axis=axis)
    return array
