"""What a model computes while it runs, seen through a torch function mode.

The mode sees every call that Python makes into torch, whatever library made it. It gathers each
attention (queries, keys, values, output) and the linear maps around it, and hands it on for
layers.py to make sense of. Nothing is changed: every function runs as it would have, and its
result is given back untouched.
"""

import contextlib
import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

from .origins import Linear, Origin, factor_of, linears_of, scores_and_steps, softmax_of

MATMUL = {
    torch.matmul, torch.Tensor.matmul, torch.Tensor.__matmul__, torch.bmm, torch.Tensor.bmm,
    torch.mm, torch.Tensor.mm, torch.linalg.matmul,
}  # fmt: skip
BADDBMM = {torch.baddbmm, torch.Tensor.baddbmm, torch.Tensor.baddbmm_}
ADDMM = {torch.addmm, torch.Tensor.addmm}
SOFTMAX = {torch.softmax, torch.Tensor.softmax, F.softmax, torch.special.softmax}
PLUS_IN_PLACE = {"add_", "__iadd__"}
PLUS = {"add", "__add__", "__radd__"} | PLUS_IN_PLACE
MINUS = {"sub", "sub_", "__sub__", "__isub__", "subtract"}


@dataclass(eq=False)
class Call:
    """One attention that ran. q, k, v, z are [batch, heads, tokens, width].

    From `scaled_dot_product_attention`: its mask, is_causal and scale. From attention written by
    hand: `logits`, what its softmax saw [batch, heads, queries, keys], and scale and softcap as
    far as its steps show them. `before` and `output` are the linear maps around it (the output's
    axes are tokens, batch instead of batch, tokens when `tokens_first`), `paths` has those that q
    and k came from, `added` is the output and the residual stream that it was added to. `parts`
    counts the calls, this the last, whose results side by side the output map takes.
    """

    q: torch.Tensor
    k: torch.Tensor
    v: torch.Tensor
    z: torch.Tensor
    module: str
    tap: str
    scale: float = 1.0
    softcap: float = 0.0
    mask: torch.Tensor | None = None
    is_causal: bool = False
    logits: torch.Tensor | None = None
    before: list[Linear] = field(default_factory=list)
    output: Linear | None = None
    tokens_first: bool = False
    parts: int = 1
    added: tuple[torch.Tensor, torch.Tensor] | None = None
    paths: dict[str, list[Linear]] = field(default_factory=dict)


class Watch(TorchFunctionMode):
    """Active as a context manager while the model runs.

    `module()` names the module being run. `done(call)` gets each attention when all about it is
    known, which is when the next one begins, or `finish` is called. `tell(text)` gets what went wrong
    here, of which the model notices nothing.
    """

    def __init__(self, module, done, tell):
        super().__init__()
        self.ran = False
        self._tell = tell
        self._failed = set()  # the functions that could not be made sense of
        self._module = module
        self._done = done
        self._last = None  # the attention that is not yet done
        self._row = []  # the results of attentions since one was taken by a linear map
        self._linears = []  # those that ran since
        self._copied = (None, None, None)  # the latest input of a linear map, its version, its copy
        self._origins = WeakIdKeyDictionary()
        self._heads = None  # of the nn.MultiheadAttention that is running

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is F.multi_head_attention_forward:
            return self._look_inside(function, args, kwargs)
        self.ran = True
        name = getattr(function, "__name__", "")
        # The residual stream may be added to in place, so it is kept before.
        before = args[0].detach().clone() if name in PLUS_IN_PLACE and self._awaits_addition() else None
        result = function(*args, **kwargs)
        try:
            with torch.no_grad():
                self._note(function, args, kwargs, result, before)
        except Exception as error:
            if (name, self._module()) not in self._failed:
                self._failed.add((name, self._module()))
                reason = (str(error).splitlines() or [type(error).__name__])[0]
                self._tell(f"{name} in {self._module() or 'the model'} is not followed: {reason}")
        return result

    def finish(self):
        """Hand on the last attention."""
        if self._last is not None:
            self._done(self._last)
        self._last = None

    def _look_inside(self, function, args, kwargs):
        """Run a function that handles torch functions as a whole so that its parts are seen."""
        known = F.has_torch_function
        self._heads = args[4] if len(args) > 4 else kwargs["num_heads"]
        F.has_torch_function = lambda tensors: False
        try:
            with self:
                return function(*args, **kwargs)
        finally:
            F.has_torch_function = known
            self._heads = None

    def _note(self, function, args, kwargs, result, before):
        if function is F.scaled_dot_product_attention:
            self._note_sdpa(args, kwargs, result)
        elif function is F.linear:
            x, weight = _arguments(args, kwargs, "input", "weight")
            bias = args[2] if len(args) > 2 else kwargs.get("bias")
            self._note_linear(x, weight.detach().mT, bias, result)
        elif function in ADDMM and len(args) == 3 and not kwargs:
            self._note_linear(args[1], args[2].detach(), args[0], result)
        elif function in MATMUL:
            left, right = _operands(args, kwargs)
            if _is_weight(left, right):
                self._note_linear(left, right.detach(), None, result)
            else:
                self._note_product(left, right, left, right, result, result, 1.0)
        elif function in BADDBMM:
            _, left, right = _arguments(args, kwargs, "input", "batch1", "batch2")
            self._note_product(left, right, left, right, result, result, float(kwargs.get("alpha", 1)))
        elif function is torch.einsum:
            self._note_einsum(args, result)
        elif function in SOFTMAX and isinstance(result, torch.Tensor):
            dim = args[1] if len(args) > 1 else kwargs.get("dim")
            source = self._origins.get(args[0] if args else kwargs["input"])
            if source is not None and source.scores and dim in (-1, result.dim() - 1):
                self._origins[result] = Origin("softmax", (source,))
        else:
            self._note_step(function, args, kwargs, result, before)

    def _note_sdpa(self, args, kwargs, result):
        names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
        given = dict(zip(names, args, strict=False)) | kwargs
        q, k, v = given["query"], given["key"], given["value"]
        mask, scale = given.get("attn_mask"), given.get("scale")
        lead = torch.broadcast_shapes(q.shape[:-2], result.shape[:-2])
        paths = {"q": linears_of(self._origins.get(q)), "k": linears_of(self._origins.get(k))}
        split = self._split(lead, q, paths["q"])
        if mask is not None and q.dim() != 4:
            mask = mask.broadcast_to((*lead, q.shape[-2], k.shape[-2]))
            mask = _by_head(mask, lead, split)
        # Keys may be fewer heads than queries, and the same for the whole batch.
        shared = split[0] if math.prod(k.shape[:-2]) % split[0] == 0 else 1
        call = Call(
            q=_by_head(q, lead, split),
            k=_by_head(k, k.shape[:-2], (shared, -1)),
            v=_by_head(v, v.shape[:-2], (shared, -1)),
            z=_by_head(result, lead, split),
            module=self._module(),
            tap="sdpa",
            scale=q.shape[-1] ** -0.5 if scale is None else float(scale),
            mask=None if mask is None else mask.detach().clone(),
            is_causal=bool(given.get("is_causal", False)),
        )
        self._keep(call, paths)
        self._origins[result] = Origin("attention")

    def _note_linear(self, x, weight, bias, y, result=None):
        """`result` is the tensor that the model holds, where its axes are not those of y."""
        bias = None if bias is None else bias.detach()
        linear = Linear(self._copy(x), weight, bias, y.detach().clone())
        last = self._last
        if last is not None and last.output is None:
            for parts in dict.fromkeys((1, len(self._row))):
                tokens_first = _eats(linear, self._row[-parts:])
                if tokens_first is not None:
                    last.output, last.tokens_first, last.parts = linear, tokens_first, parts
                    self._row = []
                    break
        if last is None or last.output is not linear:
            self._linears.append(linear)
        self._origins[y if result is None else result] = Origin("linear", data=linear)

    def _copy(self, x):
        """A copy of x; queries, keys and values share one, unless x was overwritten in between."""
        version = None if x.is_inference() else x._version
        known, known_version, copy = self._copied
        if known is not x or version is None or version != known_version:
            copy = x.detach().clone()
            self._copied = (x, version, copy)
        return copy

    def _note_einsum(self, args, result):
        operands = args[1] if len(args) == 2 and isinstance(args[1], (tuple, list)) else args[1:]
        if len(operands) != 2 or not isinstance(args[0], str) or "." in args[0]:
            return
        inputs, _, out = args[0].replace(" ", "").partition("->")
        a, _, b = inputs.partition(",")
        if isinstance(operands[0], torch.nn.Parameter) and not isinstance(operands[1], torch.nn.Parameter):
            a, b, operands = b, a, operands[::-1]
        summed = "".join(letter for letter in a if letter in b and letter not in out)
        both = "".join(letter for letter in out if letter in a and letter in b)
        rows = "".join(letter for letter in a if letter not in b)
        columns = "".join(letter for letter in b if letter not in a)
        if not summed or len(set(a)) < len(a) or set(both + rows + columns) != set(out):
            return
        left = torch.einsum(f"{a}->{both}{rows}{summed}", operands[0].detach())
        right = torch.einsum(f"{b}->{both}{summed}{columns}", operands[1].detach())
        product = torch.einsum(f"{out}->{both}{rows}{columns}", result.detach())
        if _is_parameter(operands[1]) and not both:
            x, weight, y = left.flatten(-len(summed)), right.flatten(0, len(summed) - 1).flatten(1), product
            self._note_linear(x, weight, None, y.flatten(-len(columns)), result)
        elif len(summed) == len(rows) == len(columns) == 1:
            self._note_product(*operands, left, right, result, product, 1.0)

    def _note_product(self, a, b, left, right, result, product, factor):
        """A product of two activations: scores, or a pattern times values.

        a, b and result are the tensors as the model holds them; left, right and product the same
        with the axes [.., rows, inner], [.., inner, columns], [.., rows, columns].
        """
        if left.dim() < 2 or right.dim() < 2:
            return
        softmax = softmax_of(self._origins.get(a))
        if softmax is not None and self._note_attention(softmax, left, right, product):
            self._origins[result] = Origin("attention")
            return
        # A matrix that scores are multiplied into cannot be scores itself, so the way back ends here.
        linears = [linears_of(self._origins.get(tensor)) for tensor in (a, b)]
        data = (left.detach(), right.detach().mT, *linears)
        self._origins[result] = Origin("scores", factor=factor, data=data, value=result.detach(), scores=True)

    def _note_attention(self, softmax, pattern, v, z):
        """pattern @ v, where the pattern came from a softmax of scores."""
        scores, steps = scores_and_steps(softmax.parents[0])
        if scores is None:
            return False
        q, k, q_linears, k_linears = scores.data
        path = [scores, *steps]
        while len(path) > 1 and path[-1].name in MINUS and _shifted(path[-2].value, path[-1].value):
            path.pop()
        logits = path[-1].value
        if logits.shape[-2] != z.shape[-2] or logits.shape[-1] - v.shape[-2] not in (0, 1):
            return False
        scale, softcap, after = scores.factor, 0.0, 1.0
        for step in steps:
            if step.name in ("tanh", "tanh_"):
                softcap = 1.0
            elif step.factor is not None and softcap:
                after *= step.factor
            elif step.factor is not None:
                scale *= step.factor
        lead = logits.shape[:-2]
        split = self._split(lead, q, q_linears)
        call = Call(
            q=_by_head(q, lead, split),
            k=_by_head(k, lead, split),
            v=_by_head(v, lead, split),
            z=_by_head(z, lead, split),
            module=self._module(),
            tap="softmax",
            scale=scale * after if softcap else scale,
            softcap=softcap * after,
            logits=_by_head(logits, lead, split),
        )
        if any(t is None for t in (call.q, call.k, call.v, call.z)):
            return False
        self._keep(call, {"q": q_linears, "k": k_linears})
        return True

    def _note_step(self, function, args, kwargs, result, before):
        """Any other function: its result leads back to those of its arguments that lead anywhere."""
        results = result if isinstance(result, (tuple, list)) else (result,)
        tensors = list(_tensors(args)) + list(_tensors(kwargs.values()))
        parents = tuple(p for p in (self._origins.get(t) for t in tensors) if p is not None)
        if not parents or all(p.kind == "attention" for p in parents):
            return
        name = getattr(function, "__name__", "")
        scores = any(p.scores for p in parents)
        if name in PLUS and not scores:
            if self._note_addition([t for t in tensors if t.dim() > 1], before):
                # The way back from the residual stream would lead through all layers.
                self._origins.pop(result, None)
                return
            recent = [*self._linears, self._last and self._last.output]
            parents = tuple(p for p in parents if any(linear in recent for linear in linears_of(p)))
        for out in results:
            if isinstance(out, torch.Tensor):
                value = out.detach() if scores else None
                factor = factor_of(name, args) if scores else None
                self._origins[out] = Origin("step", parents, name, factor, value, scores=scores)

    def _awaits_addition(self):
        return self._last is not None and self._last.output is not None and self._last.added is None

    def _note_addition(self, tensors, before):
        """Whether this adds the attention's output to something older than it: the residual stream."""
        if not self._awaits_addition() or len(tensors) != 2 or tensors[0].shape != tensors[1].shape:
            return False
        linears = [linears_of(self._origins.get(tensor)) for tensor in tensors]
        for own, other in ((0, 1), (1, 0)):
            newer = [self._last.output, *self._linears]
            if self._last.output in linears[own] and not any(linear in newer for linear in linears[other]):
                values = [t.detach().clone() for t in tensors]
                if before is not None:
                    values[0] = before
                self._last.added = values[own], values[other]
                return True
        return False

    def _keep(self, call, paths):
        self.finish()
        call.before, self._linears = self._linears, []
        call.paths = paths
        for name in ("q", "k", "v", "z", "logits"):
            if getattr(call, name) is not None:
                setattr(call, name, getattr(call, name).detach().cpu().clone())
        if self._row and self._row[-1].shape != call.z.shape:
            self._row = []
        self._row.append(call.z)
        self._last = call

    def _split(self, lead, q, linears):
        """The axes before tokens and width as (batch, heads)."""
        if len(lead) != 1:
            return (lead[0], math.prod(lead[1:])) if lead else (1, 1)
        if self._heads:
            return lead[0] // self._heads, self._heads
        # Batch and heads share an axis; what the queries were projected from has a row for each token
        # of the batch, whatever its axes.
        for linear in [*linears, *reversed(self._linears)]:
            batch, rest = divmod(math.prod(linear.x.shape[:-1]), q.shape[-2])
            if batch and not rest and lead[0] % batch == 0:
                return batch, lead[0] // batch
        return 1, lead[0]


@contextlib.contextmanager
def running_module(model):
    """A function that gives the dotted name of the innermost module being run, in `model` or, where that is
    None, in whatever model runs."""
    names = {} if model is None else {id(module): name for name, module in model.named_modules()}
    stack = []
    register = torch.nn.modules.module

    def enter(module, args):
        if model is None and not stack:
            names.update((id(one), name) for name, one in module.named_modules())
        stack.append(names.get(id(module), type(module).__name__))

    def leave(module, args, result):
        stack.pop()

    hooks = [
        register.register_module_forward_pre_hook(enter),
        register.register_module_forward_hook(leave, always_call=True),
    ]
    try:
        yield lambda: stack[-1] if stack else ""
    finally:
        for hook in hooks:
            hook.remove()


def _by_head(tensor, lead, split):
    """A tensor [.., tokens, width] as [batch, heads, tokens, width]; `lead` is what .. stands for."""
    tail = tensor.shape[-2:]
    if tensor.dim() - 2 == len(lead):
        tensor = tensor.broadcast_to((*lead, *tail))
    elif math.prod(tensor.shape[:-2]) != math.prod(lead):
        return None
    return tensor.reshape(*split, *tail)


def _eats(linear, results):
    """Whether a linear map's input is the heads' results side by side: None, or whether tokens lie first."""
    batch, heads, tokens, width = results[0].shape
    heads *= len(results)
    if linear.x.numel() != batch * heads * tokens * width:
        return None
    z = torch.cat(results, dim=1)
    if linear.x.shape[-1] == heads * width:
        ways = {False: z.permute(0, 2, 1, 3), True: z.permute(2, 0, 1, 3)}
    elif linear.x.shape[-1] == heads * tokens * width:
        ways = {False: z}  # one query, whose heads stand where tokens usually do: see `layers.unpacked`
    else:
        return None
    x = linear.x.reshape(-1, linear.x.shape[-1])
    for tokens_first, joined in ways.items():
        if torch.equal(x.cpu(), joined.reshape(x.shape).to(x.dtype)):
            return tokens_first
    return None


def _is_weight(left, right):
    """Whether a product applies a matrix of numbers to activations, not two activations to each other."""
    return right.dim() == 2 and (_is_parameter(right) or left.dim() > 2)


def _is_parameter(tensor):
    held = tensor if tensor.is_inference() or tensor._base is None else tensor._base
    return isinstance(held, torch.nn.Parameter)


def _shifted(before, after):
    """Whether a subtraction only took off a number per row, which a softmax does not see."""
    return before.shape == after.shape and torch.allclose(before.softmax(-1), after.softmax(-1), atol=1e-6)


def _operands(args, kwargs):
    given = list(args) + list(kwargs.values())
    return given[0], given[1]


def _arguments(args, kwargs, *names):
    return [args[n] if n < len(args) else kwargs[name] for n, name in enumerate(names)]


def _tensors(values):
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value)
