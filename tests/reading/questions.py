"""Questions about a matrix that a picture shows, each with the answer that its numbers give.

A reader sees the picture alone, once. Only questions that the numbers answer clearly are asked: the right
answer is ahead of the next one by a margin, so that a picture that tells is answered right.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matrix_cinema.attention.tokens import is_special

AHEAD = 0.12  # of the largest magnitude: how far the right answer is before the next one
NEAR = 0.15  # how far a number that is read off may be from the right one, of the largest magnitude


@dataclass(frozen=True)
class Question:
    """`right` are the answers that count, the first one as it would be said; `number` is that asked for,
    with how far an answer may be from it."""

    text: str
    right: tuple[str, ...]
    number: tuple[float, float] | None = None

    def is_right(self, answer: str) -> bool:
        """Whether what a reader wrote is right: one of the answers as whole words, or near the number."""
        if self.number is not None:
            found = re.search(r"-?\d*\.?\d+", answer.replace("−", "-"))
            return bool(found) and abs(float(found[0]) - self.number[0]) <= self.number[1]
        said = _plain(answer)
        return any(_plain(one) == said for one in self.right)


def questions(values: np.ndarray, rows: Sequence[str], columns: Sequence[str], noun: str) -> list[Question]:
    """Questions about `values` (rows, columns), non-negative weights of queries (rows) and keys (columns).

    `noun` is what the picture calls the matrix. At most seven, those that are answered most clearly first.
    """
    asked = [
        *_strongest_of_rows(values, rows, columns, noun),
        *_strongest_pair(values, rows, columns, noun),
        *_weight_of_pair(values, rows, columns, noun),
        *_which_of_two(values, rows, columns, noun),
        *_favourite(values, rows, columns, noun),
    ]
    return asked[:7]


def _strongest_of_rows(values, rows, columns, noun):
    """Which key a query attends to most: of rows with one label each, three with different answers."""
    top = np.sort(values, axis=1)[:, ::-1]
    ahead = (top[:, 0] - top[:, 1]) / values.max() if values.shape[1] > 1 else np.zeros(len(values))
    once, answers = Counter(rows), set()
    for n in np.argsort(-ahead):
        key = int(values[n].argmax())
        name = columns[key]
        if (
            ahead[n] < AHEAD
            or once[rows[n]] > 1
            or is_special(rows[n])
            or name in answers
            or len(answers) == 3
        ):
            continue
        answers.add(name)
        yield Question(
            f"In {noun}: which key does “{rows[n]}” (a query) attend to most?", _names(name, columns, key)
        )


def _strongest_pair(values, rows, columns, noun):
    """The pair with the largest weight; the columns of special tokens are left out where there are any."""
    left_out = [n for n, label in enumerate(columns) if is_special(label)]
    kept = np.delete(values, left_out, axis=1)
    at = np.delete(np.arange(len(columns)), left_out)
    order = np.sort(kept, axis=None)[::-1]
    if kept.size < 2 or order[0] - order[1] < 0.5 * AHEAD * values.max():
        return
    row, key = np.unravel_index(kept.argmax(), kept.shape)
    but = f" (leave out the keys {', '.join(columns[n] for n in left_out)})" if left_out else ""
    text = f"In {noun}: which query and which key have the largest weight of all{but}? Answer as: query, key."
    pairs = [
        f"{a}, {b}" for a in _names(rows[row], rows, row) for b in _names(columns[at[key]], columns, at[key])
    ]
    yield Question(text, tuple(pairs))


def _weight_of_pair(values, rows, columns, noun):
    """About how large one weight is: the largest of a query and a key whose labels come once, not special."""
    rows_once, columns_once = Counter(rows), Counter(columns)
    fit = [
        (values[i, j], i, j)
        for i in range(len(rows))
        for j in range(len(columns))
        if rows_once[rows[i]] == columns_once[columns[j]] == 1
        and not is_special(rows[i])
        and not is_special(columns[j])
    ]
    if fit:
        value, i, j = max(fit)
        text = (
            f"In {noun}: about how large is the weight of the query “{rows[i]}” for the key “{columns[j]}”?"
        )
        yield Question(text, (f"{value:.2f}",), (float(value), NEAR * float(values.max())))


def _which_of_two(values, rows, columns, noun):
    """Which of two keys gets more of a query: a row whose two largest keys are well apart."""
    rows_once, columns_once = Counter(rows), Counter(columns)
    usable = [n for n, label in enumerate(columns) if columns_once[label] == 1 and not is_special(label)]
    best = None
    for i, label in enumerate(rows):
        if rows_once[label] > 1 or is_special(label) or len(usable) < 2:
            continue
        first, second = sorted(usable, key=lambda n: -values[i, n])[:2]
        apart = values[i, first] - values[i, second]
        if values[i, second] > 0.05 * values.max() and (best is None or apart > best[0]):
            best = (apart, label, first, second)
    if best and best[0] >= AHEAD * values.max():
        _, label, first, second = best
        two = " or ".join(f"“{columns[n]}”" for n in sorted((first, second)))
        text = f"In {noun}: does the query “{label}” attend more to the key {two}?"
        yield Question(text, _names(columns[first], columns, first))


def _favourite(values, rows, columns, noun):
    """The key that gets the most in all, where one is well ahead."""
    total = values.sum(axis=0)
    order = np.sort(total)[::-1]
    if len(total) > 1 and order[0] - order[1] >= 2 * AHEAD * order[0]:
        key = int(total.argmax())
        text = f"In {noun}: which key gets the most attention, over all queries together?"
        yield Question(text, _names(columns[key], columns, key))


def _names(label, labels, at):
    """What an entry may be called: its label, and with its place where the label comes again."""
    places = [n for n, other in enumerate(labels) if other == label]
    if len(places) == 1:
        return (label,)
    occurrence = places.index(at) + 1
    return (f"{label} {at}", f"{label}{at}", label, f"{label} #{occurrence}", f"{label} ({occurrence})")


def _plain(text):
    """An answer without quotes, marks of spaces, case and what else a reader may write otherwise."""
    subscripts = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
    text = text.translate(subscripts).lower().replace("→", ",").replace("->", ",").replace("·", "")
    text = re.sub(r"[«»“”\"'`’]", "", text) if re.search(r"\w", text) else text.strip('«»“”"`')
    return re.sub(r"\s*,\s*", ", ", " ".join(text.split())).strip(" .") or text.strip()
