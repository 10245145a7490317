"""What people, programs and broken disks put where something else belongs: values, texts, bytes, tables."""

import json
import math
import struct
from random import Random
from typing import Any

NUMBERS = (
    0, 1, -1, 2, 3, 4, 7, 16, 255, 256, 65536, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30, -(2**63),
    10**400,
)  # fmt: skip
REALS = (0.5, -0.5, 1e-9, 1e-45, 1e-320, 1e-4, 0.1, 1.5, 99.9, 1e9, 3.4e38, 1e39, 1e300, -1e300, -0.0)
SPECIAL = (math.inf, -math.inf, math.nan)
TEXTS = (
    "", " ", "a", "A", "x" * 200, "word " * 300, "\n", "\t\r\n", "\x00", "a\x00b", "é", "e\u0301", "中文",
    "😀", "\u202e", "ﬁ", "_", "-", "--", "..", "../x", "/", ".", "~", "/dev/zero", "/dev/stdin",
    "/proc/self/mem", "nan", "inf", "1e400", "0", "-1", "1,5", "1_000", "true", "None", "{}", "[]", "#",
    "%s", "%n", "{0}", "\\", '"', "'", "`", "``", "$x$", "<b>", "A @ B", "A[0]", "A[0:1]", "A;A", "all",
    "auto", "L0.q", "q", "4x4", "0x0", "2:", "::0", "expr: i", "low_rank(2)",
)  # fmt: skip
BYTES = (
    b"\x00", b"\xff", b"\x7f", b"\x80", b"\n", b"\r", b'"', b"{", b"}", b"[", b"]", b",", b"\xef\xbb\xbf",
    b"\xc3", b"\0\0\0\0",
)  # fmt: skip


def text(rng: Random) -> str:
    """A text that is seldom what belongs there."""
    if rng.random() < 0.8:
        return rng.choice(TEXTS)
    letters = "abAB01._-+*/@()[]{};:,'\"`# \n\t\\éλ中😀\u200b\u0301"
    return "".join(rng.choice(letters) for _ in range(rng.randrange(24)))


def number(rng: Random) -> int | float:
    pool = rng.choice((NUMBERS, NUMBERS, REALS, REALS, SPECIAL))
    return rng.choice(pool) if rng.random() < 0.7 else rng.uniform(-20, 20)


def value(rng: Random, depth: int = 2) -> Any:
    """Anything that a table may hold."""
    kind = rng.randrange(8 if depth else 5)
    if kind < 2:
        return number(rng)
    if kind < 4:
        return text(rng)
    if kind == 4:
        return rng.random() < 0.5
    if kind < 7:
        return [value(rng, depth - 1) for _ in range(rng.choice((0, 1, 2, 2, 3, 5)))]
    return {text(rng) or "k": value(rng, depth - 1) for _ in range(rng.randrange(4))}


def changed(rng: Random, table: Any, most: int = 3) -> Any:
    """A copy of a table of tables and lists in which a few places are changed: another value, a place lost,
    doubled, or put elsewhere."""
    table = json.loads(json.dumps(table)) if isinstance(table, (dict, list)) else table
    for _ in range(rng.randint(1, most)):
        places = list(_places(table))
        if not places:
            break
        holder, key = rng.choice(places)
        way = rng.randrange(6)
        if way == 0:
            del holder[key]
        elif way == 1:
            other, place = rng.choice(places)
            if place in other if isinstance(other, dict) else place < len(other):
                holder[key] = json.loads(json.dumps(other[place]))
        elif way == 2 and isinstance(holder, dict):
            holder[rng.choice((text(rng), f"{key}s", str(key)[:-1], "file", "shape", "init"))] = holder.pop(
                key
            )
        elif way == 3 and isinstance(holder, list):
            holder.insert(key, json.loads(json.dumps(holder[key])))
        else:
            holder[key] = _other(rng, holder[key])
    return table


def _other(rng, old):
    """Another value in the place of one, often of the same type."""
    if rng.random() < 0.35:
        return value(rng)
    if isinstance(old, bool):
        return not old
    if isinstance(old, (int, float)):
        return rng.choice((old + 1, old - 1, -old, old * 2, old * 1000, number(rng)))
    if isinstance(old, str):
        return rng.choice((text(rng), old + rng.choice(TEXTS[:20]), old[:-1], old.upper(), old * 3))
    if isinstance(old, list):
        return rng.choice(([], old[:-1], old * 2, [old], old[:1]))
    return {} if rng.random() < 0.5 else value(rng)


def _places(table):
    """Every (table or list, key) in it."""
    items = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    for key, item in items:
        yield table, key
        yield from _places(item)


def damaged(rng: Random, data: bytes, most: int = 8) -> bytes:
    """Bytes with a few places changed, lost, doubled, or cut short."""
    data = bytearray(data)
    for _ in range(rng.randint(1, most)):
        at = rng.randrange(len(data) + 1)
        length = min(rng.choice((1, 1, 2, 4, 8, 16, 200)), len(data) - at)
        way = rng.randrange(7)
        if way == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            data[at:at] = rng.choice(BYTES)
        elif way == 2:
            del data[at : at + length]
        elif way == 3:
            data[at:at] = data[at : at + length]
        elif way == 4:
            data[at : at + length] = rng.randbytes(length)
        elif way == 5:
            bound = rng.choice((0, 1, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1))
            data[at : at + 8] = struct.pack("<Q", bound)[: rng.choice((2, 4, 8))]
        elif rng.random() < 0.3:
            del data[at:]
    return bytes(data)


def toml(table: dict, rng: Random) -> str:
    """A table as TOML, as far as TOML can say it; the tables in it in one way or another."""
    lines, below = [], []
    for key, item in table.items():
        if isinstance(item, dict) and rng.random() < 0.7:
            below += ["", f"[{_key(key)}]"]
            for inner, one in item.items():
                below.append(f"{_key(inner)} = {written(one)}")
        else:
            lines.append(f"{_key(key)} = {written(item)}")
    return "\n".join(lines + below) + "\n"


def _key(key):
    key = str(key)
    return key if key.isascii() and key.replace("_", "a").isalnum() else written(key)


def written(item: Any) -> str:
    """A value as it stands in a line of TOML."""
    if isinstance(item, bool) or item is None:
        return "true" if item else "false"
    if isinstance(item, float):
        return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(str(item), repr(item))
    if isinstance(item, dict):
        return "{ " + ", ".join(f"{_key(k)} = {written(v)}" for k, v in item.items()) + " }"
    if isinstance(item, (list, tuple)):
        return "[" + ", ".join(map(written, item)) + "]"
    if isinstance(item, str):
        return json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(item)
