"""Makes layers from the attentions of a run: decides which are kept, which continue one another, and which
beam won."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from . import masks
from .accounts import Account, Accounts, pattern_of
from .attention import Attention
from .axes import Frame
from .elements import BatchAxis, are_copies, elements_of
from .entry_places import pick
from .joining import join, kept, repeats, side_by_side, stacked, takes_from, widened
from .layers import Seen, kind_of, see
from .origins import Linear, MappedResult, Result, Strand
from .output import Output, added_of, one_below_another, output_of, with_same_tokens
from .products import NotUnderstood
from .projections import close, numpy_of, sample
from .running import Running

MOST_WINDOWS_COMPARED = 8  # attentions side by side
MOST_DROPPED = 32  # beams that were given up and may have won


@dataclass(eq=False)
class Beam:
    """One way of decoding: the layer so far, and the token ids that were read."""

    seen: Seen
    ids: list[int]


@dataclass(eq=False)
class Entry:
    """One layer: `beams` as far as they are joined, `last` the attention that is not yet joined to them.

    `sums` [keys] of each beam tell whether another attention continues it. Of a layer that is not kept only
    these are. `frame` is the call of the module in which it ran.
    """

    module: str
    kind: str
    kept: bool
    beams: list[Beam] = field(default_factory=list)
    dropped: list[Beam] = field(default_factory=list)
    last: "Taken | None" = None
    sums: list[np.ndarray] = field(default_factory=list)
    call: int = 0
    frame: Any = None


@dataclass(eq=False)
class Taken:
    """One attention that ran: `seen` and `at` (the place of its result) for each beam; empty if it is not
    kept.

    `first` is the time at which the projection of its queries ran, `call` the call of the model. `sums` and
    `queries` tell its keys and queries from others. `elsewhere`: it is of another element of the batch.
    `passed`: it is not kept, and its output was seen, but not yet what that is added to. `closed`: its output
    is known with what it was added to, or will not be; later maps of its result are another matter.
    """

    entry: Entry
    account: Account
    first: int
    call: int
    sums: list[np.ndarray] = field(default_factory=list)
    queries: list[np.ndarray] = field(default_factory=list)
    parents: list[int | None] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    at: list[list[np.ndarray]] = field(default_factory=list)
    ids: list[list[int]] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    elsewhere: bool = False
    passed: bool = False
    closed: bool = False

    @property
    def awaits(self) -> bool:
        """Whether its output was seen, and not yet what that was added to."""
        return self.passed or (bool(self.outputs) and self.seen[0].added is None)

    def without_output(self, reason: str) -> None:
        """Note why no map takes its result as it is."""
        for seen in self.seen:
            seen.refused["W_O"] = reason


class Recorder:
    """Gets the attentions of a run from the Watch, in order; `finished` gives the layers.

    `layers` are numbers or names (None: all), `batch` and `window` choose an element. While `generate`
    runs, `beams` of one element are followed side by side.
    """

    def __init__(
        self, running: Running, accounts: Accounts, layers: Sequence | None, batch: int, window: int
    ):
        self._running, self._accounts = running, accounts
        self._layers, self.batch, self._window = layers, batch, window
        self._entries: list[Entry] = []
        self._shared = masks.Shared()
        self._latest: Taken | None = None
        # The call of the model in which a self-attention went on last, and which beams it went on with.
        self._step: tuple[int, list[int | None]] | None = None
        self._of_tokens: set[BatchAxis] = set()  # of what the model was given
        self.beams = 1
        self.sizes: set[int] = set()  # of batches that have no element `batch`
        self.reached = False  # whether there was one that has
        self.lost: list[str] = []  # what is to be told of beams
        self._elsewhere: list[Account] = []  # of attentions of other elements of the batch
        # Module -> (number, of how many) of attentions that are not known to be of the element asked for.
        self.unproven: dict[str, tuple[int, int]] = {}
        # Module -> (number, of how many) of attentions of the same tokens.
        self.copies: dict[str, tuple[int, int]] = {}

    def take(self, attention: Attention) -> Result:
        """Take an attention that ran. Raises NotUnderstood if it turns out to be none."""
        numbers, about = self._elements(attention)
        if not numbers:
            other = Entry(attention.module, "", False)
            self._elsewhere.append(attention.account)
            return Result(
                Taken(other, attention.account, attention.first, self._running.calls, elsewhere=True)
            )
        frames = [attention.axes.frame(number) for number in numbers]
        if frames[0].queries == 1 and _share_keys(attention):
            raise NotUnderstood("each query has some of the keys for itself, as of unfolded windows")
        kind = kind_of(attention.event.strands, frames[0])
        keys, queries = _sums(attention, frames, "k"), _sums(attention, frames, "q")
        again = self._shares_the_pattern(attention, frames, keys, queries)
        if again is not None:
            return again
        entry, parents = self._continued(attention.module, keys, frames[0].queries)
        fresh = entry is None
        if kind == "self":
            self._step = None if fresh else (self._running.calls, parents)
        elif not fresh and self._step and self._step[0] == self._running.calls:
            if len(self._step[1]) == len(parents):  # beams have the same memory, so its keys do not tell them
                parents = self._step[1]
        if entry is None:
            entry = Entry(attention.module, kind, self._wanted(attention.module, kind))
            parents = [None] * len(frames)
        account, first, call = attention.account, attention.first, self._running.calls
        taken = Taken(entry, account, first, call, keys, queries, parents)
        if entry.kept:
            taken.seen = [see(attention, frame, self._shared) for frame in frames]
            taken.at = [[one[:, :, 0] for one in attention.indexes(frame)["z"]] for frame in frames]
            taken.ids = self._ids(numbers, attention.axes.elements)
            for one in taken.seen:
                one.kind, one.about = entry.kind, one.about | about
        if fresh:
            entry.frame = self._running.frame
            self._entries.append(entry)
        self._settle(entry)
        entry.last, entry.sums, entry.call = taken, keys, call
        self._latest = taken
        return Result(taken)

    def written(self, linear: Linear, results: Sequence[Strand]) -> MappedResult | None:
        """Note a linear map that takes results of attentions. Returns None if it is not their output."""
        results = [strand for strand in results if not strand.source.taken.elsewhere]
        takens = [strand.source.taken for strand in results]
        if takens and not all(taken.entry.kept for taken in takens):
            self._count_as_one(results)
            takens[-1].passed = True
            return MappedResult(takens[-1])
        if any(taken.closed for taken in takens):
            return None
        apart = {taken.entry for taken in takens}
        if len(takens) > 1 and len(apart) == 1 and all(taken.seen for taken in takens):
            return self._one_after_another(linear, results)
        if not takens or not all(taken.seen and taken.entry.last is taken for taken in takens):
            return None
        outputs: list[list[Output]] = []
        for strand, taken in zip(results, takens, strict=True):
            found = [output_of(linear, strand, at) for at in taken.at]
            outputs.append([one for one in found if one is not None])
        if any(len(own) < len(taken.at) for own, taken in zip(outputs, takens, strict=True)):
            for strand, taken in zip(results, takens, strict=True):
                if taken.outputs or taken.seen[0].output is not None:
                    continue
                names = ", ".join(dict.fromkeys(step.name for step in strand.steps)) or "a rearrangement"
                taken.without_output(f"{names} stands between what the heads gave and the next linear map")
            return None
        if len(takens) > 1:
            return self._put_together(takens, [own[0] for own in outputs])
        (taken,), (own,) = takens, outputs
        heads, width = own[0].weight.shape[:2]
        if heads * width != own[0].inputs:
            taken.without_output("the next linear map takes more than what the heads gave")
            return None
        if width != taken.seen[0].z.shape[2]:
            taken.without_output("the next linear map takes a part of what the heads gave")
            return None
        taken.outputs = list(own)
        for seen, output in zip(taken.seen, own, strict=True):
            seen.output, seen.attn_out = output, output.y
            seen.refused.pop("W_O", None)
        return MappedResult(taken)

    def add(self, strand: Strand, own: torch.Tensor, stream: torch.Tensor, times: float) -> None:
        """The output of an attention, `own` by its strand, is added to the residual stream."""
        taken = strand.source.taken
        if taken.passed:
            taken.passed = False
            return
        for seen, output in zip(taken.seen, taken.outputs, strict=True):
            seen.added = added_of(output, strand, own, stream, times)
            taken.closed |= seen.added is not None

    def refuse_output(self, written: MappedResult, reason: str) -> None:
        """The map after an attention is not all that makes its output."""
        taken = written.taken
        taken.passed, taken.closed, taken.outputs = False, True, []
        for seen in taken.seen:
            seen.output = seen.attn_out = None
        taken.without_output(reason)

    def drop(self, result: Result, reason: str) -> None:
        """An attention turns out to be a part of something else."""
        taken = result.taken
        if taken.entry.last is not taken:
            return
        taken.entry.last = None
        if self._latest is taken:
            self._latest = None
        if not taken.entry.beams and taken.entry in self._entries:
            self._entries.remove(taken.entry)
        self._accounts.refuse(taken.account, reason)

    def chosen_by(self, sequence: Sequence[int] | None) -> None:
        """`generate` has ended with these token ids: keep the beam that read them."""
        for entry in self._entries:
            self._settle(entry)
            if len(entry.beams) < 2:
                continue
            best = max([*entry.beams, *entry.dropped], key=lambda beam: _alike(beam.ids, sequence or ()))
            if sequence is None or _alike(best.ids, sequence) < len(best.ids):
                self.lost.append(entry.module)
            entry.beams, entry.dropped, entry.sums = [best], [], entry.sums[:1]

    def finished(self) -> list[tuple[str, Entry]]:
        """(key, Entry) of all layers in the order they ran."""
        for entry in self._entries:
            self._settle(entry)
        named, count = [], 0
        for entry in self._entries:
            if not entry.beams and entry.kept:
                continue
            if entry.kind == "self":
                named.append((str(count), entry))
                count += 1
            else:
                name = f"{max(count - 1, 0)}.cross"
                while any(name == other for other, _ in named):  # two in a row, or none of the other kind
                    count += 1
                    name = f"{count - 1}.cross"
                named.append((name, entry))
        return named

    def apart(self) -> dict[str, int]:
        """Module -> how many layers it became, of those whose steps of decoding could not be joined."""
        found: dict[str, int] = {}
        for module, own in self._by_module().items():
            seen = [entry.beams[0].seen for entry in own if entry.beams]
            if any(takes_from(before, after) for before, after in itertools.pairwise(seen)):
                found[module] = len(seen)
        return found

    def only_of_others(self) -> list[Account]:
        """Accounts of attentions of other elements of the batch, in modules that gave no layer."""
        known = self._by_module()
        return [one for one in self._elsewhere if one.module not in known]

    def _by_module(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self._entries:
            found.setdefault(entry.module, []).append(entry)
        return found

    def _elements(self, attention: Attention) -> tuple[list[int], dict[str, Any]]:
        """(the numbers of the attentions to take of those side by side, one for each beam; what is told of
        them). No numbers where all are of other elements of the batch."""
        count = attention.axes.elements
        found = elements_of(attention.axes, self._of_tokens)
        if found is None:
            return self._unproven(attention)
        size, each = found
        each = np.broadcast_to(each, count)
        beams = self.beams if size % self.beams == 0 else 1
        batch = self._element(size // beams)
        own = [np.flatnonzero(each == batch * beams + beam) for beam in range(beams)]
        windows = min(map(len, own))
        window = min(self._window, windows - 1)
        about: dict[str, Any] = {}
        if size > beams:
            about |= {"batch": {"element": batch, "of": size // beams}}
        if windows > 1:
            about |= {"window": {"number": window, "of": windows}}
            if are_copies(attention.axes, own[0]):
                self.copies.setdefault(pattern_of(attention.module), (window, windows))
        return [int(one[window]) for one in own] if windows else [], about

    def _unproven(self, attention: Attention) -> tuple[list[int], dict[str, Any]]:
        """The same where it is not known which element of the batch an attention belongs to."""
        count = attention.axes.elements
        size = self._running.batch(count)
        windows = count // size
        size //= self.beams if size % self.beams == 0 else 1
        beams = self.beams if count == size * self.beams * windows else 1
        batch, window = self._element(size), min(self._window, windows - 1)
        numbers = [(batch * beams + beam) * windows + window for beam in range(beams)]
        if size == 1:
            return numbers, {"window": {"number": window, "of": windows}} if windows > 1 else {}
        if not self._running.frames or self._all_alike(attention):
            return numbers, {"batch": {"element": batch, "of": size}}
        self.unproven.setdefault(pattern_of(attention.module), (numbers[0], count))
        return numbers, {"leading": {"number": numbers[0], "of": count}}

    def _all_alike(self, attention: Attention) -> bool:
        """Whether all attentions side by side are the same, as those of queries that are parameters."""
        frames = [attention.axes.frame(number) for number in range(attention.axes.elements)]
        for name in "qkv":
            tensor = getattr(attention.event, name)
            first, *others = (numpy_of(pick(tensor, attention.indexes(one)[name])) for one in frames)
            if not all(close(first, one, 1e-5) for one in others):
                return False
        return True

    def _element(self, size: int) -> int:
        """The element to take of a batch of so many: the one that was asked for, or else the last."""
        if self.batch < size:
            self.reached = True
        elif size > 1:
            self.sizes.add(size)
        return min(self.batch, size - 1)

    def _ids(self, elements: list[int], count: int) -> list[list[int]]:
        ids = self._running.ids()
        if ids is None or ids.dim() != 2 or count % len(ids) or ids.device.type == "meta":
            return [[] for _ in elements]
        return [ids[element // (count // len(ids))].tolist() for element in elements]

    def _wanted(self, module: str, kind: str) -> bool:
        """Whether a new layer may be one that was asked for, by its place or a number in its path.

        It may turn out to be one layer with others that ran in the same call of its module, so its place is
        counted with them and without.
        """
        if self._layers is None:
            return True
        numbers = set(map(int, re.findall(r"\d+", module)))
        words = module.split(".")
        places = [[entry for entry in self._entries if entry.kind == "self"]]
        alike = [entry for entry in self._entries if entry.kind == kind]
        for n in range(len(words)):  # its place among the layers of a stack
            places.append([one for one in alike if one.module.split(".")[: n + 1] == words[: n + 1]])
        for before in places:
            apart = [entry for entry in before if entry.frame is not self._running.frame]
            numbers |= set(range(len(apart), len(before) + 1))
        if kind == "cross":  # it has the number of the layer before it
            numbers |= {n - 1 for n in numbers}
        return any(int(re.findall(r"\d+", str(one).partition("@")[0])[-1]) in numbers for one in self._layers)

    def _continued(
        self, module: str, keys: list[np.ndarray], queries: int
    ) -> tuple[Entry | None, list[int | None]]:
        """The layer that an attention goes on with, and which of its beams each of the new ones continues."""
        for entry in self._entries:
            if entry.module != module or len(entry.sums) != len(keys):
                continue
            if entry.kind == "cross" and queries > 1 and entry.call == self._running.calls:
                continue  # a module that runs several times over one memory
            parents = [
                next((n for n, old in enumerate(entry.sums) if _goes_on(old, new, queries, entry.kind)), None)
                for new in keys
            ]
            if None not in parents:
                return entry, parents
        return None, []

    def _shares_the_pattern(
        self, attention: Attention, frames: list[Frame], keys: list[np.ndarray], queries: list[np.ndarray]
    ) -> Result | None:
        """Where a module attends twice with the same queries and keys: one layer with both values."""
        latest = self._latest
        if latest is None or latest.entry.module != attention.module or not self._running.frames:
            return None
        if latest.call != self._running.calls or latest.outputs or len(latest.sums) != len(keys):
            return None
        if not all(map(np.array_equal, latest.sums + latest.queries, keys + queries)):
            return None
        if not latest.seen:
            return Result(latest)
        both = [
            widened(seen, see(attention, frame, self._shared))
            for seen, frame in zip(latest.seen, frames, strict=True)
        ]
        known = [one for one in both if one is not None]
        if len(known) < len(both):
            return None
        latest.seen = known
        return Result(latest)

    def _count_as_one(self, results: Sequence[Strand]) -> None:
        """Parts of a layer, such as heads that ran one by one, count as one also where they are not kept."""
        entries = list(dict.fromkeys(strand.source.taken.entry for strand in results))
        kinds = {(pattern_of(entry.module), entry.kind) for entry in entries}
        if len(kinds) > 1 or not all(strand.exact and strand.factor == 1 for strand in results):
            return
        for entry in entries[:-1]:
            self._entries.remove(entry)
        entries[-1].kept, entries[-1].beams, entries[-1].last = False, [], None
        results[-1].source.taken.seen = []

    def _put_together(self, takens: list[Taken], outputs: list[Output]) -> MappedResult | None:
        """Attentions of some of the heads each, or of some of the queries, become one layer."""
        if any(len(taken.seen) > 1 for taken in takens):
            return None
        together = _as_one([taken.seen[0] for taken in takens], outputs)
        if together is None or together.output is None:
            for taken in takens:
                taken.without_output("the next linear map takes what other attentions gave with it")
            return None
        together.refused = {n: why for n, why in together.refused.items() if n != "W_O"}
        last = takens[-1]
        for taken in takens[:-1]:
            self._entries.remove(taken.entry)
        last.seen, last.outputs = [together], [together.output]
        last.sums, last.entry.sums, last.queries = [], [], []
        last.entry.module = together.module
        return MappedResult(last)

    def _one_after_another(self, linear: Linear, results: Sequence[Strand]) -> MappedResult | None:
        """Queries that ran in turn, each over the keys up to its own, and whose results one map takes."""
        results = sorted(results, key=lambda one: one.source.taken.seen[0].k.shape[1])
        takens = [strand.source.taken for strand in results]
        last, entry = takens[-1], takens[-1].entry
        outputs = [output_of(linear, one, one.source.taken.at[0]) for one in results]
        known = [one for one in outputs if one is not None]
        found = one_below_another(known) if len(known) == len(outputs) else None
        whole = found[0] if found and (np.diff(found[1]) > 0).all() else None
        before = sum(taken.seen[0].q.shape[1] for taken in takens[:-1])
        if whole is None or entry.last is not last or len(entry.beams) != 1 or len(last.seen) > 1:
            return None
        if before != entry.beams[0].seen.q.shape[1]:
            return None
        self._settle(entry)
        (beam,) = entry.beams
        if beam.seen.q.shape[1] != before + last.seen[0].q.shape[1]:
            return None
        refused = {name: why for name, why in beam.seen.refused.items() if name != "W_O"}
        last.seen = [replace(beam.seen, refused=refused, output=whole, attn_out=whole.y, added=None)]
        last.ids, last.outputs, last.parents = [beam.ids], [whole], [None]
        entry.beams, entry.last = [], last
        return MappedResult(last)

    def _settle(self, entry: Entry) -> None:
        """Joins the last attention to the layer, now that all about it is known."""
        taken, entry.last = entry.last, None
        if taken is None or not taken.seen:
            return
        beams, used = [], set()
        ids = taken.ids or [[] for _ in taken.seen]
        for seen, own, parent in zip(taken.seen, ids, taken.parents, strict=False):
            old = entry.beams[parent] if parent is not None and parent < len(entry.beams) else None
            if old is None:
                beams.append(Beam(seen, own))
                continue
            used.add(parent)
            again = repeats(old.seen, seen)
            joined = None if again else join(old.seen, seen)
            beams.append(Beam(seen, own) if joined is None else Beam(joined, old.ids + own))
            if joined is None and not again:
                self.lost.append(entry.module)
        given_up = [beam for n, beam in enumerate(entry.beams) if n not in used]
        entry.dropped = [*entry.dropped, *given_up][-MOST_DROPPED:] if len(entry.beams) > 1 else []
        entry.beams = beams


def _as_one(seen: Sequence[Seen], outputs: Sequence[Output]) -> Seen | None:
    """Attentions as one layer: those of the same tokens are heads, which then stand one below the other. None
    where they differ, or are not all that the map takes."""
    parts: list[Seen] = []
    for own in with_same_tokens(outputs):
        each = [outputs[n] for n in own]
        heads = side_by_side([seen[n] for n in own], each)
        if heads is None or sum(one.weight.shape[0] * one.weight.shape[1] for one in each) != each[0].inputs:
            return None
        parts.append(heads)
    if len(parts) == 1:
        return parts[0]
    whole = one_below_another([part.output for part in parts if part.output is not None])
    return None if whole is None else stacked(parts, *whole)


def _sums(attention: Attention, frames: list[Frame], name: str) -> list[np.ndarray]:
    """A number for each key of each element, by which it is recognised, without zeros at the end; or one for
    each of some queries.

    Of keys the first head tells: to read all of them would be the largest cost of a layer that is not kept.
    """
    found = []
    for frame in frames:
        index = attention.indexes(frame)[name]
        if name == "k":
            index = [one[:1] for one in index]
        else:
            index = [one[:, sample(one.shape[1])] for one in index]
        picked = pick(getattr(attention.event, name), index)
        # One axis first: several at once take twice as long.
        sums = picked.sum(dim=3, dtype=torch.float64).sum(dim=(0, 1) if name == "k" else (0, 2)).cpu().numpy()
        found.append(np.trim_zeros(sums, "b") if name == "k" else sums)
    return found


def _share_keys(attention: Attention) -> bool:
    """Whether a key stands in several of the attentions side by side, at places of its own in each."""
    frames = [
        attention.axes.frame(number) for number in range(min(attention.axes.elements, MOST_WINDOWS_COMPARED))
    ]
    index = [attention.indexes(frame)["k"] for frame in frames]
    keys = [numpy_of(pick(attention.event.k, one)[0, 0]) for one in index]
    places: dict[bytes, set[int]] = {}
    for own in keys:
        rows = [row.tobytes() for row in own]
        counts = Counter(rows)
        for n, row in enumerate(rows):
            if counts[row] == 1:
                places.setdefault(row, set()).add(n)
    return any(len(one) > 1 for one in places.values())


def _goes_on(old: np.ndarray, new: np.ndarray, queries: int, kind: str) -> bool:
    """Whether keys are those of before and more, by their sums; see joining.join and joining.repeats."""
    lost = len(old) + (queries if kind == "self" else 0) - len(new)
    if lost == 0 or (lost > 0 and kind == "self"):
        if kept(old[:, None], new[:, None], lost, partial(np.allclose, rtol=1e-9, atol=1e-12)) is not None:
            return True
    if len(new) <= len(old) or queries < len(new) or kind != "self":
        return False
    return bool(np.abs(new[: len(old)] - old).max(initial=0) <= 1e-3 * max(np.abs(old).max(initial=0), 1e-30))


def _alike(ids: Sequence[int], sequence: Sequence[int]) -> int:
    """How many token ids are the same from the start on, -1 less for each that is not."""
    same = 0
    for one, other in zip(ids, sequence, strict=False):
        if one != other:
            break
        same += 1
    return same if same == len(ids) else same - len(ids)
