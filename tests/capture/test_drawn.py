"""What is recorded is drawn: a recorded layer's scene says what the model did, with the residual stream."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")
transformers = pytest.importorskip("transformers", reason="CAPTURE IS NOT TESTED: pip install transformers")

from matrix_cinema.capture.record import record  # noqa: E402
from matrix_cinema.description.from_capture import scene_from_capture  # noqa: E402
from matrix_cinema.errors import InputError  # noqa: E402
from matrix_cinema.formats.capture_file import open_capture, write_capture  # noqa: E402
from matrix_cinema.staging.plan import plan  # noqa: E402
from torch import nn  # noqa: E402

IDS = torch.randint(3, 100, (1, 7), generator=torch.Generator().manual_seed(0))
SIZES = {
    "vocab_size": 101, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1,
    "num_attention_heads": 4, "initializer_range": 0.3,
}  # fmt: skip
LATENT = {
    "q_lora_rank": 12, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8,
    "first_k_dense_replace": 1, "n_routed_experts": 4, "n_group": 1, "topk_group": 1,
}  # fmt: skip


class Own(nn.Module):
    """One block. `places` are added to the input of queries and keys alone, `scales` has a scale for each
    head, and `after` is applied to the output."""

    def __init__(self, after, places=0.0, scales=(0.5, 0.5)):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(8, 8) for _ in range(4))
        self.after, self.places = after, places * torch.randn(5, 8)
        self.scales = torch.tensor(scales).view(2, 1, 1)

    def forward(self, x):
        q, k, v = (
            one(given).unflatten(-1, (2, 4)).transpose(1, 2)
            for one, given in ((self.q, x + self.places), (self.k, x + self.places), (self.v, x))
        )
        z = (q @ k.mT * self.scales).softmax(-1) @ v
        return x + self.after(self.out(z.transpose(1, 2).flatten(2)))


class Half(nn.Module):
    def forward(self, x):
        return x * 0.5


class Gain(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8))

    def forward(self, x):
        return x * self.weight


def saved(model, given, path):
    with torch.no_grad(), record(model) as recording:
        out = model(given)
    recording.save(path)
    return open_capture(path), out


def norm(kind):
    made = kind(8)
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    return made


AFTER = {
    "plain": nn.Identity,
    "factor": Half,
    "gain": Gain,
    "rms_norm": lambda: norm(nn.RMSNorm),
    "layer_norm": lambda: norm(nn.LayerNorm),
}


@pytest.mark.parametrize("after", AFTER)
def test_the_stream_after_an_attention_is_the_models(after, tmp_path):
    torch.manual_seed(0)
    model = Own(AFTER[after](), places=1.0).eval()
    capture, out = saved(model, torch.randn(1, 5, 8), tmp_path / "x.safetensors")
    assert capture.layer(0).shapes["x_v"] == (5, 8)
    planned = plan(scene_from_capture(capture.path, 0, None, ("projections", "residual")))
    assert np.abs(planned.evaluation["out"].final - out[0].numpy()).max() < 1e-5
    if after != "plain":
        wanted = capture.tensor(0, "added")
        assert np.abs(planned.evaluation["added"].final - wanted).max() < 1e-5


def test_values_are_made_of_their_own_input(tmp_path):
    torch.manual_seed(0)
    capture, _ = saved(
        Own(nn.Identity(), places=1.0).eval(), torch.randn(1, 5, 8), tmp_path / "x.safetensors"
    )
    planned = plan(scene_from_capture(capture.path, 0, 1, ("projections",)))
    for name in "QKV":
        made = planned.evaluation[name].final
        assert np.abs(made - capture.tensor(0, name.lower(), 1)).max() < 1e-5
    assert np.array_equal(planned.matrices["x_v"].values, capture.tensor(0, "x_v"))


def test_what_is_not_known_after_the_output_is_refused(tmp_path):
    torch.manual_seed(0)
    capture, _ = saved(Own(nn.Tanh()).eval(), torch.randn(1, 5, 8), tmp_path / "x.safetensors")
    with pytest.raises(InputError, match=r"a step that is not known \(other\) lies between"):
        scene_from_capture(capture.path, 0, None, ("residual",))
    scene_from_capture(capture.path, 0, None, ("output",))
    capture, _ = saved(Own(Gain()).eval(), torch.randn(1, 5, 8), tmp_path / "x.safetensors")
    tensors = {name: capture.tensors[name].copy() for name in capture.tensors}
    tensors["L0.added"][0] += 1
    write_capture(capture.path, tensors, {k: v for k, v in capture.metadata.items() if k != "checksums"})
    with pytest.raises(InputError, match="by the file a gain, which misses the numbers by"):
        scene_from_capture(capture.path, 0, None, ("residual",))


def test_heads_with_scales_of_their_own(tmp_path):
    torch.manual_seed(0)
    model = Own(nn.Identity(), scales=(0.25, 1.5)).eval()
    capture, _ = saved(model, torch.randn(1, 5, 8), tmp_path / "x.safetensors")
    assert capture.layer(0).head_scales == (0.25, 1.5)
    for head in range(2):
        planned = plan(scene_from_capture(capture.path, 0, head))
        assert np.abs(planned.evaluation["out"].final - capture.tensor(0, "z", head)).max() < 1e-5
    with pytest.raises(InputError, match="have scales of their own, .*; choose one head of 0, 1"):
        scene_from_capture(capture.path, 0, None)


def test_rotary_positions_in_the_last_columns(tmp_path):
    """DeepSeek-V3: the first columns of queries and keys do not turn."""
    torch.manual_seed(0)
    config = transformers.DeepseekV3Config(**SIZES | LATENT, num_key_value_heads=4)
    model = transformers.DeepseekV3Model(config).eval()
    with torch.no_grad(), record(model) as recording:
        model(IDS)
    recording.save(tmp_path / "x.safetensors")
    capture = open_capture(tmp_path / "x.safetensors")
    assert capture.layer(0).position["at"] == 8
    planned = plan(scene_from_capture(capture.path, 0, 2, ("projections", "output")))
    for name in "QKV":
        assert np.abs(planned.evaluation[name].final - capture.tensor(0, name.lower(), 2)).max() < 1e-4
