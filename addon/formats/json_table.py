"""Tables of JSON that anyone may have written: every entry is checked when it is read."""

import math
from typing import Any

from ..errors import InputError

MOST_JSON_TOKENS = 2**20


class JsonTable:
    """A table of JSON whose entries are read by type; entries that nobody reads are ignored.

    `where` names the table in errors. Raises InputError for an entry of another type, and for a missing entry
    without a default.
    """

    def __init__(self, data: Any, where: str):
        if not isinstance(data, dict):
            raise InputError(f"{where}: the description is not a table")
        self.data, self.where = data, where

    def text(self, key: str, default: str) -> str:
        return self._get(key, default, str, "text")

    def flag(self, key: str) -> bool | None:
        value = self.data.get(key)
        if value is not None and not isinstance(value, bool):
            raise InputError(f"{self.where}: {key} is not true or false")
        return value

    def table(self, key: str, *default: dict) -> dict:
        return self._get(key, default[0] if default else ..., dict, "a table")

    def tables(self, key: str) -> "list[JsonTable]":
        items = self._get(key, None, list, "a list of tables") or []
        return [JsonTable(one, f"{self.where}: {key}[{n}]") for n, one in enumerate(items)]

    def real(self, key: str, default: Any = ...) -> Any:
        value = self._get(key, default, (int, float), "a number")
        try:
            value = value if value is None else float(value)
        except OverflowError:
            value = math.inf
        if value is not None and not math.isfinite(value):
            raise InputError(f"{self.where}: {key} is not a finite number")
        return value

    def whole(self, key: str, low: int, high: int = 2**31, default: Any = ...) -> int:
        value = self._get(key, default, int, "a whole number")
        if not low <= value <= high:
            raise InputError(f"{self.where}: {key} is out of range; it must be from {low} to {high}")
        return value

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        items = self._get(key, None, list, "a list of texts")
        if items is None:
            return default
        if any(not isinstance(item, str) for item in items):
            raise InputError(f"{self.where}: {key} is not a list of texts")
        if len(items) > MOST_JSON_TOKENS:
            raise InputError(
                f"{self.where}: {key} has {len(items):,} texts; the most is {MOST_JSON_TOKENS:,}"
            )
        return tuple(items)

    def reals(self, key: str) -> tuple[float, ...]:
        items = self._get(key, None, list, "a list of numbers") or []
        named = JsonTable({f"{key}[{n}]": item for n, item in enumerate(items)}, self.where)
        return tuple(named.real(name) for name in named.data)

    def heads(self, key: str, count: int) -> tuple[int, ...]:
        items = self._get(key, None, list, "a list of head numbers")
        if items is None:
            return tuple(range(count))
        if not items or any(type(n) is not int or not 0 <= n < count for n in items):
            raise InputError(f"{self.where}: {key} is not a list of head numbers from 0 to {count - 1}")
        if len(set(items)) < len(items):
            raise InputError(f"{self.where}: {key} names a head twice")
        return tuple(items)

    def _get(self, key, default, kind, what):
        value = self.data.get(key)
        if value is None:
            if default is ...:
                raise InputError(f"{self.where}: {key} is missing; it must be {what}")
            return default
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InputError(f"{self.where}: {key} is not {what}")
        return value
