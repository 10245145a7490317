"""Tables of numbers in text files: CSV and its relatives.

Fields are separated by commas, semicolons, tabs, bars or blanks. The decimal mark is a point or a comma. The
first line and the first column may be names. The reader finds all of this from the file. If the file can be
read in two ways, it takes neither: the error names both, and the key of the description that chooses.
"""

import contextlib
import csv
import io
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ..errors import InputError
from .reading import read_bounded

MOST_BYTES = 2**25  # ten seconds of reading; other files of arrays may be larger
SAMPLE = 1000  # lines in which separators and names are looked for; later lines have to agree
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
BLANKS, UNSEPARATED = " ", ""  # other separators: runs of blanks, and none for a single column
DECIMALS = ("", ".", ",")
NAMED_PARTS = ("", "none", "columns", "rows", "both")

_WHOLE = re.compile(r"[+-]?[0-9]+")
_PLAIN = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE
)
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+")
# Only digits and marks: not a name, even if it is no number.
_NUMERIC = re.compile(r"[+-]?[0-9.,;|' ]*[0-9][0-9.,;|' ]*")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([.,' ][0-9]{3})+([.,][0-9]+)?")


@dataclass(frozen=True)
class Table:
    """Numbers, float64 (rows, columns), and the names of their rows and columns, if they have any."""

    values: np.ndarray
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()


def read_text_table(path: str | Path, decimal: str = "", names: str = "") -> Table:
    """The table in a text file, UTF-8 or UTF-16 with its mark.

    Two options decide if the file can be read in two ways. `decimal` is the decimal mark, one of DECIMALS.
    `names`, one of NAMED_PARTS, says whether the first line names the columns and the first field of each
    line the row. Raises InputError.
    """
    data = read_bounded(path, MOST_BYTES, "CSV file")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        return _TableReader(text, str(path), decimal, names).table()
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file; CSV is UTF-8 text") from None
    except csv.Error as error:
        raise InputError(f"{path}: not CSV: {error}") from None


@dataclass(frozen=True)
class _Layout:
    """How a text is divided: the separator, the number of lines before the table, the number of fields in a
    line, whether an empty field ends each line, and whether columns and rows have names."""

    separator: str
    skipped: int
    width: int
    trailing: bool
    names_columns: bool
    names_rows: bool

    def numbers(self, line: int, fields: Sequence[str]) -> Iterator[tuple[int, str]]:
        """(position from 1, text) of each field of a line that should be a number. Raises _Unfit if there are
        too few fields."""
        if len(fields) != self.width:
            raise _Unfit(f"line {line} has {len(fields)} fields, others have {self.width}")
        return islice(enumerate(fields, start=1), self.names_rows, None)


class _Unfit(Exception):
    """The reason why a text is not a table with a certain separator."""


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(number from 1, fields without blanks around them) of each line that is not empty."""
    if separator in SEPARATORS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
        for fields in reader:
            if any(field.strip() for field in fields):
                yield reader.line_num, [field.strip() for field in fields]
    else:
        for n, line in enumerate(io.StringIO(text), start=1):
            if line.strip():
                yield n, line.split() if separator == BLANKS else [line.strip().strip('"').strip()]


def _is_number(field: str) -> bool:
    """Whether a field is a number with either decimal mark."""
    return bool(_PLAIN.fullmatch(field) or _COMMA.fullmatch(field) or _GROUPED.fullmatch(field))


class _TableReader:
    """Reads one text; `decimal` and `names` are as in read_text_table."""

    def __init__(self, text, path, decimal, names):
        self.text, self.path, self.decimal, self.names = text.replace("−", "-"), path, decimal, names

    def error(self, reason):
        return InputError(f"{self.path}: {reason}")

    def table(self):
        try:
            layout = self.layout()
            if self.has_decimals_after_commas(layout):
                layout, self.decimal = self.fitted(UNSEPARATED), ","
            return self.read(layout)
        except _Unfit as reason:
            raise self.error(reason) from None

    # The separator, and the names

    def layout(self):
        """The only layout with which the text is a table. Raises _Unfit if there is none, InputError if there
        are two."""
        present = [separator for separator in SEPARATORS if separator in self.text]
        single = [UNSEPARATED] if set(present) <= {","} else []
        if self.decimal == "," and '"' not in self.text:
            present = [separator for separator in present if separator != ","]
        reasons = []
        for separators in (present, [BLANKS], single):
            layouts = []
            for separator in separators:
                try:
                    layouts.append(self.fitted(separator))
                except _Unfit as reason:
                    reasons.append(reason)
            if (
                len(layouts) == 1
                and layouts[0].names_rows
                and layouts[0].separator == ","
                and ", " not in self.text
            ):
                with contextlib.suppress(_Unfit):  # "x 1,5" is also a name and a number with decimals
                    layouts.append(self.fitted(BLANKS))
            if len(layouts) > 1:
                which = " or by ".join(
                    (SEPARATORS | {BLANKS: "blanks"})[layout.separator] for layout in layouts
                )
                raise self.error(f"its fields may be separated by {which}; keep one of these")
            if layouts:
                return layouts[0]
        raise reasons[0]

    def fitted(self, separator):
        """The layout of the text with this separator. Raises _Unfit if it does not fit, and InputError if it
        is not clear what is a name."""
        lines = list(islice(_lines(self.text, separator), SAMPLE))
        skipped = 0
        while len(lines) > 1 and _is_comment(lines[0][1], len(lines[-1][1]), separator):
            lines, skipped = lines[1:], skipped + 1
        if not lines:
            raise _Unfit("has no numbers")
        trailing = len(lines[0][1]) > 1 and not any(fields[-1] for _, fields in lines)
        rows = [fields[:-1] if trailing else fields for _, fields in lines]
        width = len(rows[-1])
        if len(rows[0]) not in (width, width - 1):
            raise _Unfit(f"line {lines[0][0]} has {len(rows[0])} fields, a later one {width}")
        names_columns, names_rows = self.named(rows, width)
        layout = _Layout(separator, skipped, width, trailing, names_columns, names_rows)
        if len(lines) == names_columns or width == names_rows:
            raise _Unfit("has no numbers")
        if width == 1 and names_columns and "," in rows[0][0] and separator not in SEPARATORS:
            raise _Unfit(f"line {lines[0][0]} has names for several columns, a later one a single field")
        for (line, _), fields in list(zip(lines, rows, strict=True))[names_columns:]:
            for n, field in layout.numbers(line, fields):
                if not _is_number(field):
                    raise _Unfit(_no_number(line, n, field))
        return layout

    def named(self, rows, width):
        """(whether the first line names the columns, whether the first field of each line names the row)."""
        if self.names == "columns" and len(rows[0]) < width:
            raise _Unfit(
                f'its first line has {len(rows[0])} names, a later one {width} fields; say names = "both" if '
                "their first is the name of a row"
            )
        if self.names:
            return self.names in ("columns", "both"), self.names in ("rows", "both")
        if _is_framed(rows, width):
            return True, True
        short, body = len(rows[0]) < width, rows[1:] or rows
        names_rows = width > 1 and self.are_rows(body)
        if short and not names_rows:
            raise _Unfit(f"its first line has {len(rows[0])} fields, a later one {width}")
        if short or len(rows) == 1:
            return short, names_rows
        numbers = [row[names_rows:] for row in body]
        names_columns = self.are_names(rows[0][names_rows:], numbers, "the first line", "columns")
        if not names_columns and names_rows:
            names_rows = self.are_rows(rows)
        return names_columns, names_rows

    def are_rows(self, rows):
        return self.are_names([row[0] for row in rows], [row[1:] for row in rows], "the first column", "rows")

    def are_names(self, fields, others, what, of):
        """Whether the fields of a line or column are names rather than numbers; `others` are the other lines
        or columns. Raises InputError if both are possible."""
        if not all(fields):
            return False
        numbers = [field for field in fields if _NUMERIC.fullmatch(field) or _is_number(field)]
        texts, whole = len(fields) - len(numbers), all(map(_WHOLE.fullmatch, numbers))
        if not numbers or (whole and texts > len(numbers)):
            return True
        others = [field for row in others for field in row]
        counts = any(fields == [str(n) for n in range(a, a + len(fields))] for a in (0, 1))
        counts = counts and len(fields) > 1 and not any(map(_WHOLE.fullmatch, others))
        if (texts or counts) and all(map(_is_number, others)):
            found = "has numbers and text" if texts else "counts"
            raise self.error(
                f'{what} {found}, so it may be the names of {of} or not; say names = "{of}", names = "both" '
                'for columns and rows, or names = "none"'
            )
        return False

    def has_decimals_after_commas(self, layout):
        """Whether lines such as 1,5 are one column of decimals rather than two columns of whole numbers.
        Raises InputError if the file does not tell."""
        if self.decimal or "," not in self.text or '"' in self.text or ", " in self.text:
            return False
        if layout.names_columns or (layout.separator in SEPARATORS and layout.separator != ","):
            return False
        if layout.width != (2 + layout.names_rows if layout.separator == "," else 1):
            return False
        lines, sure = islice(_lines(self.text, layout.separator), layout.skipped, None), False
        for _, fields in lines:
            if layout.separator == ",":
                whole, *parts = fields[layout.names_rows : layout.width]
                if len(parts) != 1 or not _WHOLE.fullmatch(whole) or not parts[0].isdecimal():
                    return False  # these are two columns
            else:
                whole, *parts = fields[-1].split(",")
            sure = sure or bool(parts and (whole in ("-0", "+0") or "0" == parts[0][:1] < parts[0]))
        if not sure or layout.names_rows:
            raise self.error(
                'its commas may separate whole numbers or be decimal marks; say decimal = "." if they '
                'separate, decimal = "," if they are decimal marks'
            )
        return True

    # Numbers

    def read(self, layout):
        """The table of all lines. Raises InputError and _Unfit."""
        columns: list[str] = []
        rows, numbers = [], _Numbers(self.decimal)
        lines = islice(_lines(self.text, layout.separator), layout.skipped, None)
        if layout.names_columns:
            _, fields = next(lines)
            columns = fields[: len(fields) - layout.trailing][layout.names_rows - layout.width :]
            columns[0] = re.sub(r"^#\s+", "", columns[0])  # NumPy writes a # before its heading
        # Most files need no care: no field has a comma, and float() reads every number.
        plain = layout.separator == "," and not self.decimal and self.text.isascii()
        plain, count = plain and not set('"_') & set(self.text), layout.width - layout.names_rows
        for line, fields in lines:
            if layout.trailing and not fields[-1]:
                fields = fields[:-1]
            if layout.names_rows:
                rows.append(fields[0])
            if not (plain and numbers.add_plain(fields[layout.names_rows :], count)):
                for n, field in layout.numbers(line, fields):
                    numbers.add(field, line, n)
        values = numbers.array().reshape(-1, count)
        return Table(values, _telling(rows), _telling(columns))


class _Numbers:
    """Collects the numbers of a table, and watches their decimal marks."""

    def __init__(self, decimal):
        self.decimal, self.values = decimal, array("d")  # a list would take ten times the memory
        self.first = {}  # decimal mark -> the first field that has it
        self.only_thousands = True  # whether all commas could also be thousands separators

    def add_plain(self, fields, count):
        """Add `count` fields if all of them are numbers; returns whether they are."""
        try:
            found = list(map(float, fields))
        except ValueError:
            return False
        if len(found) == count:
            self.values.extend(found)
        return len(found) == count

    def add(self, field, line, n):
        mark = "," if "," in field else "." if "." in field else ""
        number = (_COMMA if mark == "," else _PLAIN).fullmatch(field)
        if not number or (mark and self.decimal not in ("", mark)):
            raise _Unfit(_no_number(line, n, field))
        if mark:
            self.first.setdefault(mark, f"line {line}, field {n}")
            self.only_thousands &= mark == "," and bool(_THOUSANDS.fullmatch(field))
        self.values.append(float(field.replace(",", ".")))

    def array(self):
        if len(self.first) == 2:
            raise _Unfit(
                f"{self.first['.']} has a decimal point, {self.first[',']} a comma; keep one of these"
            )
        if self.first and self.only_thousands and not self.decimal:
            raise _Unfit(
                'its commas, as in 1,234, may be decimal marks or thousands separators; say decimal = "," if '
                "they are decimal marks, or leave them out"
            )
        return np.frombuffer(self.values, np.float64)


def _is_comment(fields, width, separator):
    """Whether a line is a comment before the table: it begins with #, and is not a row of the table whose
    name begins with #."""
    row = len(fields) == width and (separator != BLANKS or all(map(_is_number, fields[1:])))
    return fields[0].startswith("#") and not row


def _is_framed(rows, width):
    """Whether the first line and the first column surely are names: the field that they share is empty, or
    both have the same names."""
    first, column = rows[0][len(rows[0]) - width + 1 :], [row[0] for row in rows[1:]]
    if width < 2 or not column or not all(first) or not all(column):
        return False
    return rows[0][0] == "" or (first == column and not all(map(_is_number, first)))


def _no_number(line, n, field):
    # Do not quote the field: a link may lead to any file, and its text may be secret.
    if _COMMA.fullmatch(field) or _PLAIN.fullmatch(field):
        what = "a number with another decimal mark"
    elif _GROUPED.fullmatch(field):
        what = "a number with thousands separators; leave them out"
    else:
        what = "text, not a number" if field else "empty; every field needs a number"
    return f"line {line}, field {n} is {what}"


def _telling(labels):
    """The labels, or none if they only count from 0."""
    labels = tuple(labels)
    return () if labels == tuple(str(n) for n in range(len(labels))) else labels
