"""The tensors of a capture are checked by its own equations: at `save`, and by `verify`."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="CAPTURE IS NOT TESTED: pip install matrix-cinema[capture]")

from matrix_cinema.capture.record import CaptureWarning, record  # noqa: E402
from matrix_cinema.cli import commands  # noqa: E402
from matrix_cinema.formats.capture_checks import checks_of  # noqa: E402
from matrix_cinema.formats.capture_file import open_capture, write_capture  # noqa: E402
from torch import nn  # noqa: E402


class Block(nn.Module):
    """Two attentions: one with a norm after it, and one of squared scores, which no capture can describe."""

    def __init__(self):
        super().__init__()
        self.qkv, self.out, self.norm = nn.Linear(8, 24), nn.Linear(8, 8), nn.RMSNorm(8)

    def attend(self, x, power):
        q, k, v = (t.unflatten(-1, (2, 4)).transpose(1, 2) for t in self.qkv(x).chunk(3, dim=-1))
        return ((q @ k.mT) ** power).softmax(-1) @ v

    def forward(self, x):
        x = x + self.norm(self.out(self.attend(x, 1).transpose(1, 2).flatten(2)))
        return x + self.attend(x, 2).transpose(1, 2).flatten(2)


@pytest.fixture
def recording():
    torch.manual_seed(1)
    model = Block().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.no_grad(), record(model) as made:
            model(torch.randn(1, 5, 8))
    return made


def test_verify_tells_every_equation_and_what_is_not_in_the_file(recording, tmp_path, capsys):
    recording.save(tmp_path / "a.safetensors")
    assert commands.run(["verify", str(tmp_path / "a.safetensors")]) == 0
    told = capsys.readouterr().out
    for equation in (
        "x W_Q + b_Q = q",
        "pattern v = z",
        "sum of z W_O + b_O = attn_out",
        "rms_norm of attn_out",
    ):
        assert equation in told
    for lines in (told, _inspected(tmp_path / "a.safetensors", capsys)):
        assert "resid_pre of layer 0: a rms_norm stands between" in lines
        assert "attention that ran and is not in the file:" in lines and "pow" in lines


def _inspected(path, capsys):
    assert commands.run(["inspect", str(path)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("tensor", ["q", "z", "x", "W_K", "b_V", "W_O", "added", "added_gain"])
def test_verify_fails_where_one_number_is_another(recording, tmp_path, tensor, capsys):
    path = tmp_path / "a.safetensors"
    recording.save(path)
    capture = open_capture(path)
    tensors = {name: capture.tensors[name].copy() for name in capture.tensors}
    tensors[f"L0.{tensor}"].flat[1] += 0.1 * np.abs(tensors[f"L0.{tensor}"]).max()
    write_capture(path, tensors, {k: v for k, v in capture.metadata.items() if k != "checksums"})
    assert commands.run(["verify", str(path)]) == 1
    assert "FAILED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tensor", "lost"), [("W_Q", {"W_Q", "b_Q"}), ("x", {"W_Q", "W_K", "W_V"}), ("W_O", {"W_O"})]
)
def test_save_leaves_out_what_does_not_hold_and_says_so(recording, tmp_path, tensor, lost):
    recording.layers["0"][0][tensor] *= 1.01
    with pytest.warns(CaptureWarning, match=r"is left out: .* is missed by"):
        recording.save(tmp_path / "a.safetensors")
    capture = open_capture(tmp_path / "a.safetensors")
    assert not lost & set(capture.layer(0).shapes) and {"q", "k", "v", "z"} <= set(capture.layer(0).shapes)
    assert all(check.ok for check in checks_of(capture, capture.layer(0)))
    assert lost & set(capture.metadata["layers"]["0"]["not_written"])


def test_positions_that_begin_elsewhere_take_nothing_away(tmp_path):
    """Rotary positions from 5 on, and a factor: what was before them stays in the file."""

    class Turned(Block):
        def forward(self, x):
            q, k, v = (t.unflatten(-1, (2, 4)).transpose(1, 2) for t in self.qkv(x).chunk(3, dim=-1))
            angles = (5 + torch.arange(x.shape[1]))[:, None] * torch.tensor([1.0, 0.1])
            cos, sin = (f(angles).repeat(1, 2) for f in (torch.cos, torch.sin))
            q, k = (t * cos + torch.cat((-t[..., 2:], t[..., :2]), -1) * sin for t in (q, k))
            return (q @ k.mT).softmax(-1) @ v

    torch.manual_seed(2)
    model = Turned().eval()
    with torch.no_grad(), record(model) as made:
        model(torch.randn(1, 5, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("error", CaptureWarning)
        made.save(tmp_path / "a.safetensors")
    assert {"q_pre", "k_pre"} <= set(open_capture(tmp_path / "a.safetensors").layer(0).shapes)
    assert commands.run(["verify", str(tmp_path / "a.safetensors")]) == 0
