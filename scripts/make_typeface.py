"""Measures the typeface of Blender's text objects, with its fallbacks, into addon/look/typeface.json.

    python scripts/make_typeface.py

Needs bpy. The widths are the same in Blender 4.5, 5.0 and 5.2, as `tests/blender/test_lettering.py` checks.
"""

import itertools
import json
import unicodedata
from pathlib import Path

import bpy

OUT = Path(__file__).resolve().parent.parent / "addon" / "look" / "typeface.json"
# European, Hebrew, Arabic, Indic and South-East Asian, Georgian, Ethiopic, Khmer, extended Latin and Greek,
# punctuation and signs, kana, Han, Hangul, Arabic forms, wide forms, emoji.
BLOCKS = [(0x20, 0x0780), (0x0900, 0x0F00), (0x10A0, 0x1100), (0x1200, 0x1380), (0x1780, 0x17F0),
          (0x1E00, 0x2C00), (0x3000, 0x3130), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0xF900, 0xFA6E),
          (0xFB00, 0x10000), (0x1F300, 0x1FB00)]  # fmt: skip
ALIKE = [(0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFA6D)]  # of one width; one in ALIKE_STEP is looked at
ALIKE_STEP = 97
NEVER = 0xFFFFF  # a code point without a glyph


def main():
    line = bpy.data.curves.new("line", "FONT")
    ob = bpy.data.objects.new("line", line)
    bpy.context.scene.collection.objects.link(ob)

    def box(text):
        line.body = text
        bpy.context.view_layer.update()
        return [round(c, 3) for corner in (ob.bound_box[0], ob.bound_box[6]) for c in corner[:2]]

    def across(text):
        left, _, right, _ = box(text)
        return right - left

    pair, nothing, missing = across("HH"), box(chr(NEVER)), across(f"H{chr(NEVER)}H")
    widths = {}
    for code in itertools.chain(*(range(*block) for block in BLOCKS)):
        block = next((b for b in ALIKE if b[0] <= code <= b[1]), None)
        if block and (code - block[0]) % ALIKE_STEP:
            widths[code] = widths[code - 1]
        elif unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co", "Cc"):
            wide = across(f"H{chr(code)}H")
            if wide != missing or box(chr(code)) != nothing:
                widths[code] = round(1000 * (wide - pair))
    runs = []  # [first, last, width] of neighbours of the same width
    for code, width in widths.items():
        if runs and runs[-1][1] == code - 1 and runs[-1][2] == width:
            runs[-1][1] = code
        else:
            runs.append([code, code, width])
    lines = ",\n".join(json.dumps(row)[1:-1] for row in _rows(runs))
    OUT.write_text(f'{{"unit": 1000, "runs": [\n{lines}\n]}}\n')
    print(f"{OUT.name}: {len(widths):,} glyphs in {len(runs):,} runs, {OUT.stat().st_size:,} bytes")


def _rows(runs, length=12):
    return [runs[n : n + length] for n in range(0, len(runs), length)]


if __name__ == "__main__":
    main()
