"""Watches what a model computes while it runs, through a torch function mode.

The mode sees every call that Python makes into torch, whatever library made it. It keeps for every tensor
where it came from, and hands on each attention. Nothing is changed: every function runs as it would have, and
its result is returned untouched. If something goes wrong here, a warning says so, and the model runs on.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from .accounts import Accounts
from .attention import FUSED, Attention, attention_of, fused_attention, pattern_times_values
from .elements import Elements
from .entry_places import Places
from .origins import (
    ActivationProduct,
    Change,
    Contraction,
    GivenTensor,
    Linear,
    Loose,
    MappedResult,
    Origins,
    Result,
    Strand,
    Wide,
    roots_of,
    to_linears,
)
from .output import results_in
from .products import PRODUCT_CALLS, UNSEEN_MAPS, NotUnderstood, contraction_of, elementwise, three_operands
from .projections import in_rows, merged
from .strand_rules import Known, follow
from .tensors import (
    ByTensor,
    Keeper,
    TorchCall,
    Unwatchable,
    check_watchable,
    function_of,
    same_place,
    tensors_in,
)

# Functions through which the weights of chosen experts go; these are no attention.
CHOOSING = {"topk", "sort", "gather", "scatter", "scatter_add", "index_add", "index_put", "setitem"}
SPLITTING = {"view", "reshape", "unflatten", "view_as", "reshape_as"}
SUMMING_CALLS = {"sum", "scatter_add", "index_add", "scatter_reduce", "segment_reduce"}
SUMMED = ", and it weighs a sum entry by entry"
TWO_MAPS = "two linear maps take the result of the heads"


class Watch(TorchFunctionMode):
    """Active as a context manager while the model runs.

    `module()` names the running module. `recorder` gets attentions and their outputs; `accounts` gets other
    calls that could be an attention.
    """

    def __init__(self, module: Callable[[], str], recorder: Any, accounts: Accounts):
        super().__init__()
        self.ran = False
        self.thread = threading.get_ident()
        self._module = module
        self._recorder = recorder
        self._accounts = accounts
        self._origins = Origins()
        self._keeper = Keeper()
        self._known = Known(self._origins, self._keeper)
        self._elements = Elements(self._keeper)
        self._serial = 0
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._streams = ByTensor()  # residual stream -> the MappedResult that was added to it
        # The scores of a softmax that became a layer, by its step.
        self._scores_of: WeakKeyDictionary[Change, ActivationProduct] = WeakKeyDictionary()

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function_of(function).ignored:
            return function(*args, **kwargs)
        call = TorchCall(function, args, kwargs)
        if function is F.multi_head_attention_forward:
            return self._look_inside(call)
        self.ran = True
        overwritten = call.overwritten()
        stream = self._looking(call, (self._before, overwritten)) if overwritten else None
        result = function(*args, **kwargs)
        self._looking(call, (self._elements.follow, result), (self._after, result, stream))
        return result

    def _looking(self, call: TorchCall, *looks: tuple) -> Any:
        """Looks at a call, by functions with what they take besides: unseen by any mode, without gradients,
        and without disturbing the model. Returns what the last of them did."""
        with torch._C.DisableTorchFunction(), torch.no_grad():
            if torch.is_autocast_enabled("cpu") or torch.is_autocast_enabled(self._device):
                with torch.autocast("cpu", enabled=False), torch.autocast(self._device, enabled=False):
                    return self._guarded(call, looks)
            return self._guarded(call, looks)

    def _guarded(self, call: TorchCall, looks: tuple) -> Any:
        found = None
        for look, *more in looks:
            try:
                found = look(call, *more)
            except Unwatchable as reason:
                self._accounts.without_numbers(str(reason))
            except Exception as error:
                self._accounts.failed(self._module(), call.name, error)
        return found

    def _look_inside(self, call: TorchCall) -> Any:
        """Run a function that handles torch functions as a whole so that its parts are seen."""
        functional: Any = F
        known, here = functional.has_torch_function, threading.get_ident()
        functional.has_torch_function = lambda tensors: threading.get_ident() != here and known(tensors)
        try:
            with self:
                return call.function(*call.args, **call.kwargs)
        finally:
            functional.has_torch_function = known

    def given(self, tensors: list[torch.Tensor]) -> None:
        """The model was given these, which are no results of its own."""
        self._elements.given(tensors)
        for tensor in tensors:
            if tensor.is_floating_point() and tensor.dim() in (2, 3) and not self._origins.of(tensor):
                try:
                    source = GivenTensor(self._keeper.hold(tensor))
                except Unwatchable:
                    continue
                self._origins.set(tensor, [Strand(source, Places.of(tensor.shape))])

    def alias(self, tensor: torch.Tensor, of: torch.Tensor) -> None:
        """Treats a tensor, the result of a module's second run, as the one from the run that was watched."""
        self._origins.set(tensor, self._origins.of(of))
        self._elements.alias(tensor, of)

    def _strands_of(self, tensor: torch.Tensor) -> tuple[Strand, ...]:
        """All ways back, to elements of the batch too."""
        return *self._origins.of(tensor), *self._elements.of(tensor)

    def _before(self, call: TorchCall, overwritten: list[torch.Tensor]) -> torch.Tensor | None:
        """Copies what a call is about to overwrite. Returns the residual stream if the call adds to it."""
        self._keeper.before(overwritten)
        if call.name == "add" and any(self._written(one) for one in call.tensors):
            return call.args[0].detach().clone()
        return None

    def _after(self, call: TorchCall, result: Any, stream: torch.Tensor | None) -> None:
        if call.name in FUSED:
            self._note_fused(call, result)
            return
        if call.name in PRODUCT_CALLS:
            self._note_products(call, result)
            return
        if "attention" in call.name or "attn" in call.name:
            self._accounts.begin(self._module(), call.name, "it is a kernel that cannot be looked into")
        one_tensor = isinstance(result, torch.Tensor)
        if call.name == "softmax" and one_tensor:
            follow(self._known, call, result)
            self._note_softmax(result)
            return
        if UNSEEN_MAPS.search(call.name) and self._note_unseen_map(call, result):
            return
        if not any(self._origins.of(one) for one in call.tensors):
            if call.name in SPLITTING:
                self._note_split(call, result)
            elif call.name == "embedding":
                self._note_root(result)
            return
        if call.name in ("add", "sub") and one_tensor and self._note_sum(call, result, stream):
            return
        if call.name in SUMMING_CALLS:
            for one in call.tensors:
                self._refuse_loose(_times_entries(self._origins.of(one)), SUMMED)
        self._tell_compared(call, result)
        shares = call.name == "div" and one_tensor and self._note_shares(call)
        follow(self._known, call, result)
        if call.name == "div" and one_tensor:
            self._note_softmax(result, by_hand=not shares)

    def _note_split(self, call: TorchCall, result: torch.Tensor) -> None:
        """A tensor of which nothing is known is given more axes: its features may become those of heads."""
        tensor = call.first
        if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
            return
        if result.dim() > tensor.dim() > 1 and result.shape[-1] < tensor.shape[-1]:
            self._note_root(tensor)
            follow(self._known, call, result)
            self._origins.forget(tensor)

    def _note_root(self, tensor: torch.Tensor) -> None:
        """What is made of a tensor leads back to it, and no further."""
        shape = tuple(tensor.shape)
        self._origins.set(tensor, [Strand(Wide(shape), Places.of(shape))])

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    # Products

    def _note_products(self, call: TorchCall, result: torch.Tensor) -> None:
        """A product, or one of three tensors as two of two."""
        known = call.name == "einsum" and any(map(self._origins.of, tensors_in(call.args)))
        parts = three_operands(call.args) if known else None
        if parts is not None:
            first, second = parts
            self._note_product(first, second.left)
            self._note_product(second, result)
            return
        try:
            contraction = contraction_of(call)
        except NotUnderstood as reason:
            self._not_understood(call, str(reason))
            return
        if contraction is None:
            if call.name.startswith("conv") and result.is_floating_point():
                self._note_convolution(call, result)
            else:
                follow(self._known, call, result)
            return
        self._note_product(contraction, result, linear=call.name == "linear")

    def _not_understood(self, call: TorchCall, reason: str) -> None:
        """A product of another form: it is reported if one of its operands may be scores or a pattern."""
        for one in tensors_in(call.args):
            for strand in self._origins.of(one):
                if isinstance(strand.source, ActivationProduct) and _soft(strand):
                    self._close(strand, reason)

    def _note_product(self, contraction: Contraction, result: torch.Tensor, linear: bool = False) -> None:
        """`linear`: whether it is called a linear map, whatever its weights were made of."""
        left, right = contraction.left, contraction.right
        strands = self._origins.of(left), self._origins.of(right)
        factors = elementwise(contraction) if any(strands) else None
        if factors is not None:
            follow(self._known, TorchCall(torch.mul, factors, {}), result)
            return
        patterns = [
            next((s for s in own if isinstance(s.source, ActivationProduct) and _soft(s)), None)
            for own in strands
        ]
        if any(patterns):
            self._note_attention(contraction, result, patterns)
            return
        for own, other in ((strands[0], right), (strands[1], left)):
            weighs = ", and it weighs rows of a parameter" if self._is_weight(other, ()) else _made_of(own)
            self._refuse_loose(own, weighs)
        weights = self._is_weight(left, strands[0]), self._is_weight(right, strands[1])
        if all(weights) and not linear:
            return  # weights that are made of others, as low-rank ones
        if weights[0] and not weights[1]:
            one = contraction
            turned = Contraction(right, left, one.b, one.a, one.out, one.factor, one.added)
            self._note_linear(turned, result)
        elif weights[1] or (right.dim() == 2 < left.dim() + linear and not strands[1]):
            self._note_linear(contraction, result)
        else:
            self._note_scores(contraction, result, strands)

    def _refuse_loose(self, strands: tuple[Strand, ...], weighs: str = "") -> None:
        """A softmax of no product weighs something: an attention of another kind, such as an additive or a
        deformable one. What weighs the chosen experts of a mixture is none."""
        if any(step.name == "topk" for strand in strands for step in strand.steps):
            return
        for strand in strands:
            if isinstance(strand.source, Loose) and not {step.name for step in strand.steps} & CHOOSING:
                reason = f"its argument is no product of queries and keys{weighs}"
                self._accounts.refuse(strand.source.account, reason)

    def _tell_compared(self, call: TorchCall, result: Any) -> None:
        """Scores of which only the order or a comparison is used, as in hard attention."""
        if all(one.is_floating_point() or one.is_complex() for one in tensors_in(result)):
            return
        for strand in self._origins.of(call.first):
            if isinstance(strand.source, ActivationProduct) and strand.source.account is not None:
                self._accounts.unless_closed(strand.source.account, f"only {call.name} of it is used")

    def _is_weight(self, tensor: torch.Tensor, strands: tuple[Strand, ...]) -> bool:
        if strands:
            return False
        held = tensor if tensor.is_inference() or tensor._base is None else tensor._base
        return isinstance(held, torch.nn.Parameter)

    def _note_linear(self, contraction: Contraction, y: torch.Tensor) -> None:
        check_watchable(y)
        hold, out = self._keeper.hold, contraction.out
        known = self._origins.of(contraction.left)
        self._refuse_products(known, "a linear map takes")
        weight, b = _without_copies(contraction.right, contraction.b, contraction.a, out)
        x, a = _without_copies(contraction.left, contraction.a, b, out)
        bias, times = contraction.added or (None, 1.0)
        features = sum(1 for letter in out if letter not in a)
        plain = contraction.factor == 1 and times == 1 and not any(c in a and c in out for c in b)
        plain &= bias is None or bias.numel() == _count(y, out, a)
        made_of = [s for s in known if isinstance(s.source, (Linear, Result))]
        linear = Linear(
            serial=self._next(),
            module=self._module(),
            x=hold(x),
            weight=hold(weight),
            bias=None if bias is None else hold(bias),
            y=hold(y),
            a=a,
            b=b,
            out=out,
            made_of=tuple(s for s in made_of if all(step.name != "add" for step in s.steps)),
            roots=roots_of(known),
            whole=bool(plain and features),
            split=_split_axes(known, a, out) if a == contraction.a else (),
        )
        self._set_linear(linear, y, results_in(made_of) if a == contraction.a else [])

    def _set_linear(self, linear: Linear, y: torch.Tensor, results: list[Strand]) -> None:
        strands = [Strand(linear, Places.of(y.shape))]
        written = self._recorder.written(linear, results) if results else None
        if written is not None:
            strands.append(Strand(written, Places.of(y.shape)))
        self._origins.set(y, strands)

    def _note_convolution(self, call: TorchCall, y: torch.Tensor) -> None:
        """A convolution over neighbours: it shows which axis has the features, but is no product with one
        matrix."""
        x, weight = call.argument(0, "input"), call.argument(1, "weight")
        points = "ABC"[: weight.dim() - 2]
        lead = "a" * (y.dim() == weight.dim())
        self._note_axes(x, y, f"{lead}Y{points}", f"{lead}Z{points}")

    def _note_unseen_map(self, call: TorchCall, result: Any) -> bool:
        """A quantised or a recurrent map, whose weights are not read. It shows which axis has the features;
        and the maps before it do not make the queries."""
        made = tensors_in(result)
        if not made or made[0].dim() < 2 or not made[0].is_floating_point():
            return False
        y = made[0]
        for x in call.tensors:
            if x.is_floating_point() and x.shape[:-1] == y.shape[:-1]:
                self._refuse_products(self._origins.of(x), "a linear map takes")
                rows = "abcdefgh"[: y.dim() - 1]
                self._note_axes(x, y, f"{rows}Y", f"{rows}Z")
                return True
        return False

    def _note_axes(self, x: torch.Tensor, y: torch.Tensor, a: str, out: str) -> None:
        hold = self._keeper.hold
        linear = Linear(
            self._next(), self._module(), hold(x), None, None, hold(y), a, "ZY", out,
            made_of=tuple(to_linears(self._origins.of(x))), roots=roots_of(self._origins.of(x)), whole=False,
        )  # fmt: skip
        self._origins.set(y, [Strand(linear, Places.of(y.shape))])

    def _note_scores(
        self, contraction: Contraction, result: torch.Tensor, strands: tuple[tuple[Strand, ...], ...]
    ) -> None:
        """A product of two activations, which may turn out to be scores."""
        for own in strands:
            self._refuse_products(own, "another product takes")
        hold = self._keeper.hold
        product = ActivationProduct(
            self._next(), self._module(), hold(contraction.left), hold(contraction.right),
            contraction.a, contraction.b, contraction.out,
            self._strands_of(contraction.left), self._strands_of(contraction.right),
        )  # fmt: skip
        if all(any(isinstance(strand.source, (GivenTensor, Linear)) for strand in own) for own in strands):
            product.account = self._accounts.maybe(self._module(), "product of two activations")
        places, steps = Places.of(result.shape), []
        if contraction.factor != 1:
            steps.append(Change("alpha", "times", contraction.factor, places=places))
        if contraction.added is not None:
            added, times = contraction.added
            steps.append(Change("add", "plus", (hold(added), times), places=places))
        self._origins.set(result, [Strand(product, places, 1.0, tuple(steps))])

    def _refuse_products(self, strands: tuple[Strand, ...], taker: str) -> None:
        """The result of a product is used without a softmax, as in linear attention or with mixed heads."""
        for strand in strands:
            if (
                isinstance(strand.source, ActivationProduct)
                and strand.source.account is not None
                and not _soft(strand)
            ):
                names = ", ".join(dict.fromkeys(step.name for step in strand.steps))
                after = f" after {names}" if names else ""
                self._accounts.refuse(strand.source.account, f"{taker} it{after}, without a softmax before")

    # Attentions

    def _note_fused(self, call: TorchCall, result: Any) -> None:
        z = result[0] if isinstance(result, tuple) else result
        account = self._accounts.begin(self._module(), call.name)
        default = getattr(call.function, "default", None)
        schema = getattr(call.function, "_schema", None) or getattr(default, "_schema", None)
        names = tuple(one.name for one in schema.arguments) if schema is not None else None
        try:
            for one in call.tensors:
                check_watchable(one)
            event, read, drops = fused_attention(call.args, call.kwargs, result, self._strands_of, names)
            attention = attention_of(
                event, read, drops, module=self._module(), tap="sdpa", account=account, pattern=None
            )
            self._hand_on(attention, z)
        except (NotUnderstood, Unwatchable) as reason:
            self._accounts.refuse(account, str(reason))

    def _note_softmax(self, result: torch.Tensor, by_hand: bool = False) -> None:
        """Open the account of a softmax over scores; its use is seen later."""
        known = self._origins.of(result)
        scores = [strand for strand in known if isinstance(strand.source, ActivationProduct)]
        for strand in scores:
            last = strand.steps[-1] if strand.steps else None
            if last is not None and last.kind == "softmax":
                self._accounts.softmax(last, self._module(), strand.source.account)
        if not scores and not by_hand and result.dim() > 1:
            try:
                check_watchable(result)
            except Unwatchable as reason:
                self._accounts.begin(self._module(), "softmax", str(reason))
                return
            loose = Loose(self._accounts.maybe(self._module(), "softmax"))
            self._origins.set(result, [*known, Strand(loose, Places.of(result.shape))])

    def _note_shares(self, call: TorchCall) -> bool:
        """Whether a quotient is exp of something over a sum of that: a softmax by hand, as over the edges of
        a graph. What was weighed and summed before, as in a loop over keys, is told at once."""
        sums = {s.source for s in self._origins.of(call.argument(1, "other")) if _is_summed_exp(s)}
        names: dict[Any, set[str]] = {}
        for strand in self._origins.of(call.first) if sums else ():
            names.setdefault(strand.source, set()).update(step.name for step in strand.steps)
        for source, own in names.items():
            if isinstance(source, (Linear, GivenTensor)) and source not in sums and "mul" in own:
                why = "its weights are exp over a sum, without a softmax"
                self._accounts.begin(self._module(), "a quotient of sums", why)
                return False
        return any("exp" in names.get(source, ()) for source in sums)

    def _note_attention(
        self, contraction: Contraction, result: torch.Tensor, patterns: list[Strand | None]
    ) -> None:
        """A pattern times values. Of several ways back, the first one that is understood counts."""
        both = [pattern for pattern in patterns if pattern is not None]
        if len(both) == len(patterns):
            for pattern in both:
                self._close(pattern, "it is multiplied with another pattern")
            return
        first = patterns[0] is not None
        operand, values = (contraction.left, contraction.right)[:: 1 if first else -1]
        for strand in self._origins.of(values):
            if isinstance(strand.source, Result) and strand.exact:
                self._recorder.drop(strand.source, "its result is multiplied with another pattern")
        reasons = {}
        candidates = [
            s for s in self._origins.of(operand) if isinstance(s.source, ActivationProduct) and _soft(s)
        ]
        known = [self._scores_of[soft] for s in candidates if (soft := _soft(s)) and soft in self._scores_of]
        again = [s for s in candidates if not known or s.source is known[0]]
        for strand in again:
            try:
                event, read, drops = pattern_times_values(
                    contraction, result, strand, first, self._strands_of
                )
                account = self._accounts.of_softmax(_soft(strand))
                attention = attention_of(
                    event, read, drops, module=self._module(), tap="softmax", account=account, pattern=operand
                )
                if self._hand_on(attention, result).taken.elsewhere and strand is not again[-1]:
                    continue  # a product of the sum that is of one element for all
                for other in candidates:  # the other products in the sum that the softmax was of
                    self._accounts.close(self._accounts.of_softmax(_soft(other)))
                    if soft := _soft(other):
                        self._scores_of[soft] = strand.source
                return
            except (NotUnderstood, Unwatchable) as reason:
                reasons[strand] = str(reason)
        if known:  # the softmax is a layer; what it weighs besides is told by itself
            self._accounts.begin(self._module(), "a second product of a pattern", reasons[again[0]])
            return
        for strand, reason in reasons.items():
            self._close(strand, reason)

    def _hand_on(self, attention: Attention, z: torch.Tensor) -> Result:
        taken = self._recorder.take(attention)
        self._accounts.close(attention.account)
        self._origins.set(z, [Strand(taken, Places.of(z.shape))])
        return taken

    def _close(self, strand: Strand, reason: str) -> None:
        self._accounts.refuse(self._accounts.of_softmax(_soft(strand)), reason)

    # Sums

    def _written(self, tensor: torch.Tensor) -> Strand | None:
        """The strand of a tensor that leads to the output of an attention to which nothing was added yet."""
        for strand in self._origins.of(tensor):
            if isinstance(strand.source, MappedResult) and strand.source.taken.awaits:
                return strand
        return None

    def _note_sum(self, call: TorchCall, result: torch.Tensor, stream: torch.Tensor | None) -> bool:
        """Recognises sums: a bias, LoRA's low-rank part, the residual stream."""
        left, right = call.argument(0, "input"), call.argument(1, "other")
        if not (isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor)):
            return False
        alpha = float(call.kwargs.get("alpha", 1)) * (-1.0 if call.name == "sub" else 1.0)
        for own, other, times in ((left, right, 1.0), (right, left, alpha)):
            written = self._written(own)
            if written is None or own.shape != other.shape or (own is left and alpha != 1):
                continue
            if self._is_newer(other, written.source):
                continue
            if self._is_of_two_maps(own, written.source):
                self._recorder.refuse_output(written.source, TWO_MAPS)
                self._origins.forget(result)
                return True
            values = [stream if one is left and stream is not None else one for one in (own, other)]
            written.source.maps = {s.source.serial for s in to_linears(self._origins.of(own))}
            self._recorder.add(written, *values, times)
            # The way back from the residual stream would lead through all layers.
            self._note_root(result)
            self._streams.set(result, written.source)
            return True
        self._note_in_stream(left, right, result)
        return call.name == "add" and (
            self._note_bias(left, right, result, alpha) or self._note_low_rank(left, right, result, alpha)
        )

    def _note_in_stream(self, left: torch.Tensor, right: torch.Tensor, result: torch.Tensor) -> None:
        """Note a further summand of a residual stream. If a second map of the heads' result is added, or
        their output once more, neither alone is their output."""
        for own, other in ((left, right), (right, left)):
            written = self._streams.get(own)
            if written is None or own.shape != other.shape:
                continue
            for strand in self._origins.of(other):
                source = strand.source
                if isinstance(source, MappedResult) and source.taken is written.taken:
                    self._recorder.refuse_output(source, "it is added to the residual stream twice")
                elif isinstance(source, Linear) and source.serial not in written.maps:
                    if _takes(source, written.taken, written.maps):
                        self._recorder.refuse_output(written, TWO_MAPS)
            self._streams.set(result, written)

    def _is_of_two_maps(self, tensor: torch.Tensor, written: MappedResult) -> bool:
        """Whether a tensor contains several results of maps of one attention, also by way of maps between."""
        sources = [strand.source for strand in self._origins.of(tensor)]
        mapped = {one for one in sources if isinstance(one, MappedResult) and one.taken is written.taken}
        linears = [one for one in sources if isinstance(one, Linear)]
        apart = {one.serial for one in linears}
        return len(mapped) > 1 or sum(_takes(one, written.taken, apart) for one in linears) > 1

    def _is_newer(self, tensor: torch.Tensor, written: MappedResult) -> bool:
        """Whether a tensor was made after the projections of an attention, as a parallel map is."""
        sources = [strand.source for strand in self._origins.of(tensor)]
        made = [one for one in sources if isinstance(one, (Linear, ActivationProduct))]
        return any(one.serial >= written.taken.first for one in made)

    def _note_bias(self, left: torch.Tensor, right: torch.Tensor, result: torch.Tensor, alpha: float) -> bool:
        """x @ W + b, by hand."""
        for own, bias in ((left, right), (right, left)):
            strand = self._whole(own)
            if strand is None or strand.factor != 1 or alpha != 1:
                continue
            linear = strand.source
            if linear.bias is not None or not self._is_weight(bias, self._origins.of(bias)):
                continue
            features = _count(linear.y.tensor, linear.out, linear.a)
            if bias.numel() != features or bias.shape[-1:] != own.shape[-1:]:
                continue
            if max(linear.features) != own.dim() - 1:
                continue
            self._replace(linear, result, bias=self._keeper.hold(bias))
            return True
        return False

    def _note_low_rank(
        self, left: torch.Tensor, right: torch.Tensor, result: torch.Tensor, alpha: float
    ) -> bool:
        """x W + c (x A) B: a map with a low-rank part, of the same x, or with several."""
        for own, other, times in ((left, right, alpha), (right, left, 1.0)):
            plain, low = self._whole(own, reshaped=True), self._whole(other)
            if plain is None or plain.factor != 1 or low is None or (own is right and alpha != 1):
                continue
            base, before = plain.source, merged(low.source)
            if before is low.source or before.factors is None:
                continue
            of_both = [[axis - len(one.out) for axis in one.features] for one in (base, before)]
            xs = in_rows(base, True), in_rows(before, True)
            if of_both[0] != of_both[1] or not same_place(*xs) or xs[0].data_ptr() != xs[1].data_ptr():
                continue
            factor = times * low.factor
            bias = base.bias
            if before.bias is not None:
                own_bias = before.bias.tensor * factor
                total = own_bias if bias is None else bias.tensor.reshape(-1) + own_bias
                bias = self._keeper.hold(total)
            a, b = before.factors[0], before.factors[1] * factor
            if base.factors is not None:  # a second adapter beside the first: one low-rank part of both
                a, b = torch.cat([base.factors[0], a], dim=1), torch.cat([base.factors[1], b])
            alone = base if base.factors is None else base.base
            self._replace(before, result, bias=bias, base=alone, factors=(a, b))
            return True
        return False

    def _whole(self, tensor: torch.Tensor, reshaped: bool = False) -> Strand | None:
        """The strand to the linear map whose output a tensor is, times a number; perhaps `reshaped`."""
        for strand in to_linears(self._origins.of(tensor)):
            if strand.source.whole and (strand.is_whole or (reshaped and strand.is_reshaped)):
                return strand
        return None

    def _replace(self, linear: Linear, result: torch.Tensor, **changes: Any) -> None:
        """The map with a bias or a low-rank part, whose output is `result`."""
        linear = replace(linear, serial=self._next(), y=self._keeper.hold(result), **changes)
        self._set_linear(linear, result, results_in(linear.made_of))


def _soft(strand: Strand) -> Change | None:
    """The softmax on a strand of scores."""
    return next((step for step in strand.steps if step.kind == "softmax"), None)


def _is_summed_exp(strand: Strand) -> bool:
    """Whether a strand went through exp and was then summed, or added to others in a loop."""
    names = [step.name for step in strand.steps]
    after = names[names.index("exp") + 1 :] if "exp" in names else []
    return bool(SUMMING_CALLS.intersection(after)) or after.count("add") > 1 or {"mul", "add"} <= set(after)


def _times_entries(strands: tuple[Strand, ...]) -> tuple[Strand, ...]:
    """The strands without those of a softmax that something else was done to than multiplying it."""
    return tuple(
        s for s in strands if not isinstance(s.source, Loose) or [c.name for c in s.steps] == ["mul"]
    )


def _made_of(strands: tuple[Strand, ...]) -> str:
    """What the softmax on strands was taken of instead of a product, as text for the reason; "" if
    unknown."""
    names = (step.name for one in strands if not isinstance(one.source, (Loose, Wide)) for step in one.steps)
    made = ", ".join(name for name in dict.fromkeys(names) if name != "softmax")
    return made and f", but of {made}"


def _takes(linear: Linear, taken: Any, apart: Iterable[int]) -> bool:
    """Whether a linear map takes the result of an attention, perhaps by way of other maps, except those with
    the serial numbers `apart`."""
    passed, ways = set(apart), list(linear.made_of)
    while ways:
        source = ways.pop().source
        if isinstance(source, Result):
            if source.taken is taken:
                return True
        elif source.serial not in passed:
            passed.add(source.serial)
            ways += source.made_of
    return False


def _split_axes(strands: Iterable[Strand], a: str, out: str) -> tuple[int, ...]:
    """The axes of a map's output for which its input, with letters `a`, was split off the features of a wider
    tensor that has tokens besides."""
    for strand in strands:
        places = strand.places
        if not isinstance(strand.source, (Wide, Linear, GivenTensor)):
            continue
        if places is None or places.coordinates is None:
            continue
        features = set(strand.source.features)
        moves = dict(zip(a, map(set, places.coordinates), strict=True))
        of_features = {letter for letter, moved in moves.items() if moved and moved <= features}
        tokens = [letter for letter in a if letter in out and moves[letter] - features]
        if tokens and all(letter in of_features for letter in a if letter not in out):
            return tuple(axis for axis, letter in enumerate(out) if letter in of_features)
    return ()


def _without_copies(tensor: torch.Tensor, own: str, other: str, out: str) -> tuple[torch.Tensor, str]:
    """An operand of a product and its letters, without axes along which all of it is the same: it is repeated
    for each element of the batch, or x for the weights of each head."""
    for letter in own:
        axis = own.index(letter)
        if letter in other and letter in out and (tensor.stride(axis) == 0 or tensor.shape[axis] == 1):
            tensor, own = tensor.select(axis, 0), own.replace(letter, "")
    return tensor, own


def _count(y: torch.Tensor, out: str, a: str) -> int:
    """The number of features of a linear map's output."""
    count = 1
    for letter, n in zip(out, y.shape, strict=True):
        count *= n if letter not in a else 1
    return count
