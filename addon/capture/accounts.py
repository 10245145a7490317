"""The accounts of a recording: every attention that ran becomes a layer, or a message says why not and what
to do."""

import re
from dataclasses import dataclass
from typing import Any

OTHER_ELEMENTS = "it is only of other elements of the batch than the one that was chosen"
OWN_FAILURE = "what this program makes of it failed"


@dataclass(eq=False)
class Account:
    """Something that ran and may be an attention. `reason`: why it is no layer; None while that is open."""

    module: str
    what: str
    reason: str | None = None
    closed: bool = False
    certain: bool = True  # false for products, which may be anything


class Accounts:
    """All accounts. An account is opened when something runs, and closed when it becomes a layer. `told`
    returns those still open."""

    def __init__(self):
        self._all: list[Account] = []
        self._softmaxes: dict[Any, Account] = {}  # the step of a softmax -> its account
        self._failures: dict[tuple[str, str, str], list[Any]] = {}
        self._without_numbers: dict[str, int] = {}  # why -> how often

    def begin(self, module: str, what: str, reason: str | None = None) -> Account:
        """Open an account for an attention."""
        self._all.append(Account(module, what, reason))
        return self._all[-1]

    def maybe(self, module: str, what: str) -> Account:
        """Open an account for something that may be an attention. It is reported only if it is refused."""
        self._all.append(Account(module, what, certain=False))
        return self._all[-1]

    def softmax(self, step: Any, module: str, product: Account | None) -> None:
        """Open an account for a softmax; it takes the place of the account of its scores."""
        if product is not None:
            product.closed = True
        self._softmaxes[step] = self.begin(module, "softmax over scores")

    def of_softmax(self, step: Any) -> Account:
        """The account of a softmax, by its step."""
        return self._softmaxes.get(step) or self.begin("", "softmax over scores")

    def close(self, account: Account) -> None:
        """Close an account: its attention has become a layer."""
        account.closed = True

    def refuse(self, account: Account, reason: str) -> None:
        """Note why something is not understood. The first reason stays."""
        account.closed = False
        self.unless_closed(account, reason)

    def unless_closed(self, account: Account, reason: str) -> None:
        """Note why something is not understood, unless it becomes a layer or a part of one."""
        account.certain = True
        account.reason = account.reason or reason

    def failed(self, module: str, function: str, error: Exception) -> None:
        """Note that the recording itself failed at something."""
        first = (str(error).splitlines() or [""])[0][:200]
        self._failures.setdefault((pattern_of(module), function, type(error).__name__), [0, first])[0] += 1

    def without_numbers(self, reason: str) -> None:
        """Note that a tensor could not be read, such as one of the device `meta`, or inside a transform."""
        self._without_numbers[reason] = self._without_numbers.get(reason, 0) + 1

    def told(self) -> list[dict[str, Any]]:
        """The attention that ran and is no layer: `module` (numbers as *), `what`, `why`, `times`."""
        counts: dict[tuple[str, str, str], int] = {}
        for one in self._all:
            if not one.closed and one.certain:
                why = one.reason or "its result is not multiplied with values"
                key = pattern_of(one.module), one.what, why
                counts[key] = counts.get(key, 0) + 1
        lines = [
            {"module": module, "what": what, "why": why, "times": times}
            for (module, what, why), times in counts.items()
        ]
        known = {one["why"] for one in lines}
        for why, times in self._without_numbers.items():
            if why not in known:
                lines.append({"module": "", "what": "a call into torch", "why": why, "times": times})
        for (module, function, error), (times, first) in self._failures.items():
            lines.append(
                {
                    "module": module,
                    "what": function,
                    "why": f"{OWN_FAILURE}: {error}: {first}",
                    "times": times,
                }
            )
        return lines


def line(told: dict[str, Any]) -> str:
    """One of `Accounts.told` as a line for people."""
    times = f" ({told['times']} times)" if told["times"] > 1 else ""
    if told["why"].startswith(OWN_FAILURE):
        return f"{told['what']} in {told['module'] or 'the model'}{times} is not followed: {told['why']}"
    return (
        f"{told['what']} in {told['module'] or 'the model'}{times} is not in the recording: {told['why']}; "
        f"{_advice(told)}"
    )


def _advice(told: dict[str, Any]) -> str:
    if "kernel" in told["why"]:
        return 'use an eager implementation, in transformers attn_implementation="eager" or "sdpa"'
    if told["why"] == OTHER_ELEMENTS:
        return "choose one of them with batch="
    if "no numbers" in told["why"] or "transforms" in told["why"]:
        return "record the model by itself, with numbers"
    return "what is understood is softmax(mask(q · k · scale + bias)) · v, over one axis of keys"


def pattern_of(module: str) -> str:
    """The path of a module with * for its numbers, the same for all layers of a stack."""
    return re.sub(r"(?<![^.])\d+(?![^.])", "*", module)
