"""What layers are called, by the paths of their modules as libraries have them."""

import pytest
from matrix_cinema.attention.naming import head_name, layer_names, modality

BLOCKS = "encoder.layers.{}.blocks.{}.attention.self"
SAM = "mask_decoder.transformer.layers.0."


def keyed(modules):
    """Keys as a recording gives them; a path that ends with × is of a cross-attention."""
    layers, count = {}, 0
    for module in modules:
        kind, key = ("cross", f"{max(count - 1, 0)}.cross") if module.endswith("×") else ("self", str(count))
        while key in layers:
            count, key = count + 1, f"{count}.cross"
        layers[key] = module.removesuffix("×"), kind
        count += kind == "self"
    return layers


@pytest.mark.parametrize(
    ("modules", "names"),
    [
        ([f"encoder.layer.{n}.attention.self" for n in range(3)], "0 1 2"),
        ([f"layers.{n}.self_attn" for n in (7, 15, 23)], "7 15 23"),  # between layers of another kind
        (["attn1", "attn2"], "1 2"),
        (["", ""], "0 1"),
        (["encoder.layers.0.attention"] * 3, "0 1 2"),  # one module for all layers
        ([BLOCKS.format(stage, block) for stage in (0, 1) for block in (0, 1)], "0 1 2 3"),
        (["h.0.attn", "h.0.crossattention×", "h.1.attn", "h.1.crossattention×"], "0 0.cross 1 1.cross"),
        (
            [
                *(f"encoder.block.{n}.layer.0.SelfAttention" for n in (0, 1)),
                *("decoder.block.0.layer.0.SelfAttention", "decoder.block.0.layer.1.EncDecAttention×"),
                *("decoder.block.1.layer.0.SelfAttention", "decoder.block.1.layer.1.EncDecAttention×"),
            ],
            "encoder.0 encoder.1 decoder.0 decoder.0.cross decoder.1 decoder.1.cross",
        ),
        (
            [f"{one}_model.encoder.layers.{n}.self_attn" for one in ("text", "vision") for n in (0, 1)],
            "text.0 text.1 vision.0 vision.1",
        ),
        (
            ["model.vision_tower.encoder.layers.0.self_attn", "model.language_model.layers.0.self_attn"],
            "vision.0 language.0",
        ),
        (["visual.resblocks.0.attn", "transformer.resblocks.0.attn"], "visual.0 transformer.0"),
        (
            ["vision_encoder.layers.0.attn", SAM + "self_attn", SAM + "to_image×", SAM + "to_token×"],
            "vision.0 mask_decoder.0 mask_decoder.0.cross mask_decoder.1.cross",
        ),
    ],
)  # fmt: skip
def test_layers_are_called_by_their_number_in_the_model(modules, names):
    assert list(layer_names(keyed(modules)).values()) == names.split()


def test_heads_and_modalities():
    assert [head_name(name, 3) for name in ("5", "5.cross", "decoder.0.cross", "vision.11")] == [
        *("L5H3", "L5×H3", "decoder L0×H3", "vision L11H3")
    ]
    paths = (
        "vision_model.encoder.layers.0",
        "visual.blocks.1.attn",
        "audio_tower.layers.0",
        "text_model.x",
        "",
    )
    assert [modality(path) for path in paths] == ["image", "image", "sound", "", ""]
