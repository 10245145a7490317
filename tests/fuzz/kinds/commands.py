"""Command lines: right ones with words changed, lost, doubled or of another kind."""

from random import Random

import odd
from case import EXAMPLES, Case

LINES = (
    "render s.toml -o a.png --size 64x36 --samples 1",
    "render s.toml -o film.mp4 --frames 1-2 --transparent",
    "render s.toml --film --view front --move orbit --quiet",
    "render c.safetensors --layer 0 --head 1 --with steps -o frames --engine eevee --json-progress",
    "figure s.toml -o a.pdf --width 84mm --height 2in --dpi 72 --columns 2 --title --font Inter",
    "figure c.safetensors --tensor pattern --layers 0-1 --heads 0,1 -o a.svg --own-scales --titles a b",
    "figure s.toml s.toml --frames 1,9 -o a.png --style paper --samples 2",
    "build s.toml -o a.blend --style mm --view free --subject out",
    "farm s.toml -o job --chunk 5 --size 64x36 --samples 1 --engine cycles",
    "encode frames -o a.mp4 --fps 24", "verify s.toml --positions 1 2.5 9", "inspect s.toml",
    "inspect c.safetensors --layer 0 --head 1 --with projections,output",
    "inspect c.safetensors --sheet a.svg --style paper",
    "capture --from a.npz --tokens t.txt --text x -o new.safetensors",
    "capture --model m --text-file t.txt --pair y --layers 0,1 --heads 0 -o new.safetensors", "presets",
    "inspect c.safetensors --layer 0",
)  # fmt: skip
FILES = {
    "s.toml": b'expression = "out = A @ A.T"\nmatrices.A = { init = "rows", shape = [2, 2] }\n',
    "t.txt": b"a\nb\n",
    "a.npz": b"PK",
    "x.blend": b"BLENDER-v500" + bytes(40),
}
ODD = (
    "-1", "0", "1e9", "9" * 30, "nan", "0x0", "64x", "16384x16384", "1-0", "5-", "a,b", "0-9999", "", " ",
    "--", "-", "-o", "x.blend", "s.toml", "none.toml", ".", "/dev/null", "/dev/zero",
    "no/such/folder/a.png", "a.gif", "a", ".png", "paper", "--layer", "--help", "0.5", "84", "84furlongs",
    "-5mm", "inf", "24000/1001", "23.976", "out products", "steps", "steps,steps", "attn", "é.toml", "٣",
)  # fmt: skip


def make(rng: Random) -> Case:
    words = rng.choice(LINES).replace("c.safetensors", f"{EXAMPLES}/data/induction.safetensors").split()
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(words))
        match rng.randrange(6):
            case 0:
                del words[at]
            case 1:
                words.insert(at, rng.choice(ODD))
            case 2 | 3:
                words[at] = rng.choice(ODD) if rng.random() < 0.8 else odd.text(rng).replace("\x00", "")
            case 4:
                words[at] = rng.choice(rng.choice(LINES).split())
            case 5:
                words += rng.choice(LINES).split()[1:3]
        if not words:
            break
    words = [word for word in words if word != "--traceback" and "\x00" not in word]
    return Case("commands", dict(FILES), words)
