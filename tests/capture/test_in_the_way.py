"""Whatever runs inside the `with` block runs as it does without: the same results, the same errors."""

import contextlib
import copy
import threading
import warnings

import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")

from matrix_cinema.capture.elements import Elements  # noqa: E402
from matrix_cinema.capture.record import CaptureWarning, record  # noqa: E402
from matrix_cinema.capture.recorder import Recorder  # noqa: E402
from matrix_cinema.capture.watch import Watch  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from torch import nn  # noqa: E402

X = torch.randn(3, 5, 16, generator=torch.Generator().manual_seed(0))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(16, 48), nn.Linear(16, 16)

    def forward(self, x):
        q, k, v = (t.unflatten(-1, (2, 8)).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        return x + self.out(((q @ k.mT).softmax(-1) @ v).transpose(1, 2).flatten(2))


@pytest.fixture
def model():
    torch.manual_seed(1)
    return nn.Sequential(Block(), nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)).eval()


def in_a_thread(model, x):
    made = []
    thread = threading.Thread(target=lambda: made.append(model(x)))
    thread.start()
    thread.join()
    return made[0]


def in_a_place(place):
    def call(model, x):
        with place():
            return model(x)

    return call


def changing_itself(model, x):
    """Hooks that come and go, and modules that are put in the place of others, while the model runs."""

    def hook(module, args, result):
        handle.remove()
        model[1] = model[1]
        return result + 1

    handle = model[0].register_forward_hook(hook)
    return model(x)


CALLS = {
    "as it is": lambda model, x: model(x),
    "without gradients": in_a_place(torch.no_grad),
    "inference mode": in_a_place(torch.inference_mode),
    "a default device": in_a_place(lambda: torch.device("cpu")),
    "two recordings": in_a_place(lambda: record(None)),
    "autocast": in_a_place(lambda: torch.autocast("cpu", dtype=torch.bfloat16)),
    "data parallel": lambda model, x: nn.DataParallel(model)(x),
    "another thread": in_a_thread,
    "vmap": lambda model, x: torch.func.vmap(model[0])(x[:, None]),
    "a gradient": lambda model, x: torch.func.grad(lambda x: model[0](x).sum())(x),
    "a jacobian forwards": lambda model, x: torch.func.jvp(model[0], (x,), (x,))[1],
    "other weights": lambda model, x: torch.func.functional_call(
        model, {"0.out.bias": torch.ones(16)}, (x,)
    ),
    "numbers that are given up": lambda model, x: (model.to("meta")(x.to("meta")), x)[1],
    "hooks that come and go": changing_itself,
    "nested": lambda model, x: torch.nested.nested_tensor([model(x)[0], model(x)[1, :2]]).to_padded_tensor(0),
    "sparse": lambda model, x: (x[0].to_sparse() @ model.state_dict()["0.out.weight"]),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.filterwarnings("ignore")
def test_results_are_the_same(model, call):
    again = copy.deepcopy(model)
    plain = CALLS[call](model, X)
    with contextlib.suppress(InputError), record(again):  # if nothing was seen, the error comes at the end
        made = CALLS[call](again, X)
    assert torch.equal(made, plain)
    assert torch._C._len_torch_function_stack() == 0
    assert nn.MultiheadAttention.forward.__qualname__ == "MultiheadAttention.forward", "put back"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_the_model_raises_is_what_one_gets(model, error):
    def hook(module, args):
        raise error("the user's own")

    model[1].linear1.register_forward_pre_hook(hook)
    with pytest.raises(error, match="the user's own"), torch.no_grad(), record(model) as recording:
        model(X)
    assert list(recording.layers) == ["0", "1"], "what had run until then"
    assert torch._C._len_torch_function_stack() == 0


@pytest.mark.parametrize("place", [(Elements, "follow"), (Watch, "_after"), (Recorder, "take")])
def test_errors_of_the_recording_are_warnings(model, place, monkeypatch):
    with torch.no_grad():
        plain = model(X)

    def fails(*args):
        raise RuntimeError("ours")

    monkeypatch.setattr(*place, fails)
    with warnings.catch_warnings(record=True) as told, torch.no_grad(), contextlib.suppress(InputError):
        warnings.simplefilter("always")
        with record(model):
            made = model(X)
    assert torch.equal(made, plain)
    lines = [str(one.message) for one in told if one.category is CaptureWarning]
    assert any("what this program makes of it failed: RuntimeError: ours" in one for one in lines), lines


def test_what_runs_in_another_thread_is_named(model):
    with pytest.warns(CaptureWarning) as told:
        with torch.no_grad(), record(model) as recording:
            in_a_thread(model[1], X)
            model(X)
    assert [str(one.message) for one in told] == ["module 1 ran in another thread, which is not recorded"]
    assert list(recording.layers) == ["0", "1"]


def test_what_runs_in_replicas_alone_is_told(model):
    """As nn.DataParallel makes them of a model, each for a thread and a device of its own."""
    replica = Block().eval()
    replica._is_replica = True
    with pytest.warns(CaptureWarning, match="the model ran in another thread, which is not recorded"):
        with pytest.raises(InputError, match="no attention was seen"), torch.no_grad(), record(model):
            in_a_thread(replica, X)


def test_a_save_that_fails_can_be_tried_again(model, tmp_path):
    with torch.no_grad(), record(model) as recording:
        model(X)
    with pytest.raises((InputError, OSError)):
        recording.save(tmp_path)
    recording.save(tmp_path / "x.safetensors")
    assert (tmp_path / "x.safetensors").stat().st_size > 0


@torch.jit.script
def capped(scores, most: float):
    return torch.tanh(scores / most) * most


class Capped(Block):
    cap = staticmethod(capped)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        return x + self.out(self.cap(q @ k.mT, 3.0).softmax(-1) @ v)


def test_a_function_of_torchscript_is_watched_as_its_python():
    model = Capped().eval()
    with torch.no_grad():
        plain = model(X)
        with record(model) as recording:
            made = model(X)
    assert torch.equal(made, plain) and recording.layers["0"][1]["softcap"] == 3.0
    assert "<lambda>" not in repr(torch.jit.ScriptFunction.__call__), "put back"


@pytest.mark.skipif(not hasattr(torch.compiler, "set_stance"), reason="this torch cannot run it eagerly")
def test_a_compiled_function_in_a_model_is_told():
    model = Capped().eval()
    model.cap = torch.compile(lambda scores, most: torch.tanh(scores / most) * most, backend="eager")
    with pytest.warns(CaptureWarning, match="compiled code in the model ran eagerly while it was recorded"):
        with torch.no_grad(), record(None) as recording:
            model(X)
    assert recording.layers["0"][1]["softcap"] == 3.0
