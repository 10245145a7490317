"""Models of packages that have attention of their own, by package and name; see `packages`."""

import importlib
from collections.abc import Callable
from typing import Any

import torch
from further_models import IDS, PICTURES, noise, numbers

Made = tuple[torch.nn.Module, Callable[[], object]]
Maker = Callable[[], Made]


def _of(module: str, name: str, *given: Any, args: tuple = (), **options: Any) -> Maker:
    """A model `name` of a module, called with `given`."""

    def make() -> Made:
        model = getattr(importlib.import_module(module), name)(*args, **options).eval()
        return model, lambda: model(*given)

    return make


_VIT = {"image_size": 32, "num_classes": 10, "dim": 64, "depth": 2, "heads": 4, "mlp_dim": 96}


def _vit(module: str, name: str = "ViT", pictures: Any = PICTURES, **options: Any) -> Maker:
    return _of(f"vit_pytorch.{module}", name, pictures, **options)


def _stages(count: int, **options: Any) -> dict:
    return {f"s{n}_{name}": value for n in range(1, count + 1) for name, value in options.items()}


def _esm2() -> Made:
    from esm.model.esm2 import ESM2

    model = ESM2(num_layers=2, embed_dim=64, attention_heads=4, alphabet="ESM-1b", token_dropout=False).eval()
    return model, lambda: model(IDS % 20 + 4)


def _msa() -> Made:
    from argparse import Namespace

    from esm import data
    from esm.model.msa_transformer import MSATransformer

    settings = Namespace(
        layers=2, embed_dim=64, ffn_embed_dim=96, attention_heads=4, dropout=0.0, attention_dropout=0.0,
        activation_dropout=0.0, max_tokens_per_msa=2**14, max_tokens=2**14, max_positions=64,
        embed_positions_msa=True, embed_positions_msa_dim=64, logit_bias=True,
    )  # fmt: skip
    model = MSATransformer(settings, data.Alphabet.from_architecture("msa_transformer")).eval()
    return model, lambda: model(numbers(24, 2, 5, 9))


def _whisper() -> Made:
    from whisper.model import ModelDimensions, Whisper

    model = Whisper(ModelDimensions(8, 16, 32, 4, 2, 101, 16, 32, 4, 2)).eval()
    torch.nn.init.normal_(model.decoder.positional_embedding, 0, 0.2)
    return model, lambda: model(noise(2, 8, 32), IDS[:, :6])


def _segment_anything() -> Made:
    from segment_anything.modeling import ImageEncoderViT

    model = ImageEncoderViT(
        img_size=32, patch_size=8, embed_dim=32, depth=2, num_heads=4, out_chans=16, use_rel_pos=True,
        window_size=2, global_attn_indexes=(1,),
    ).eval()  # fmt: skip
    for name, parameter in model.named_parameters():
        if "rel_pos" in name or "pos_embed" in name:
            torch.nn.init.normal_(parameter, 0, 0.2)
    return model, lambda: model(PICTURES)


def _light_glue() -> Made:
    from kornia.feature import LightGlue

    model = LightGlue(
        None, input_dim=64, descriptor_dim=64, n_layers=2, num_heads=4, flash=False, weights=None,
        depth_confidence=-1, width_confidence=-1,
    ).eval()  # fmt: skip

    def points(count: int) -> dict:
        places = noise(2, count, 2, seed=count).sigmoid() * 32
        return {"keypoints": places, "descriptors": noise(2, count, 64, seed=count),
                "image_size": torch.tensor([[32, 32]] * 2)}  # fmt: skip

    return model, lambda: model({"image0": points(9), "image1": points(7)})


def _litgpt(**options: Any) -> Maker:
    def make() -> Made:
        from litgpt import GPT, Config

        known = {"block_size": 32, "vocab_size": 101, "padded_vocab_size": 101, "n_layer": 2, "n_head": 8,
                 "n_embd": 64, "intermediate_size": 96, "bias": False, "rotary_percentage": 1.0}  # fmt: skip
        model = GPT(Config(name="small", **known | options)).eval()
        return model, lambda: model(IDS)

    return make


def _conformer(attention: str) -> Maker:
    def make() -> Made:
        from speechbrain.lobes.models.transformer.Conformer import ConformerEncoder
        from speechbrain.nnet.attention import RelPosEncXL

        model = ConformerEncoder(
            2, 64, 96, nhead=4, kernel_size=3, dropout=0.0, attention_type=attention
        ).eval()
        x = noise(2, 11, 64)
        places = RelPosEncXL(64)(x) if attention == "RelPosMHAXL" else None
        return model, lambda: model(x, pos_embs=places)

    return make


_SWIN = {"patch_size": [4, 4], "embed_dim": 32, "depths": [2, 1], "num_heads": [2, 4], "window_size": [4, 4]}
_LLAMA = {"n_query_groups": 2, "parallel_residual": False, "norm_class_name": "RMSNorm",
          "mlp_class_name": "LLaMAMLP"}  # fmt: skip
_PERCEIVER = {"depth": 2, "num_latents": 6, "latent_dim": 32, "cross_heads": 2, "latent_heads": 4,
              "cross_dim_head": 8, "latent_dim_head": 8}  # fmt: skip
_PERFORMER = {"num_tokens": 101, "max_seq_len": 64, "dim": 64, "depth": 2, "heads": 4, "dim_head": 16}
_EDGES = torch.randint(0, 12, (2, 40), generator=torch.Generator().manual_seed(4))
FURTHER: dict[str, dict[str, Maker]] = {
    "esm": {"ESM2": _esm2, "MSA transformer": _msa},
    "vit_pytorch": {
        **{name: _vit(name, patch_size=8, **_VIT) for name in (
            "vit", "vit_for_small_dataset", "parallel_vit", "vit_with_patch_dropout", "learnable_memory_vit",
            "vit_with_decorr")},
        **{name: _vit(name, "SimpleViT", patch_size=8, **_VIT) for name in (
            "simple_vit", "simple_vit_with_register_tokens", "simple_vit_with_qk_norm",
            "simple_vit_with_value_residual", "simple_flash_attn_vit")},
        "simple_vit_with_hyper_connections": _vit("simple_vit_with_hyper_connections", "SimpleViT",
                                                  patch_size=8, num_residual_streams=2, **_VIT),
        "deepvit": _vit("deepvit", "DeepViT", patch_size=8, **_VIT),
        "rvt": _vit("rvt", "RvT", patch_size=8, **_VIT),
        "cait": _vit("cait", "CaiT", patch_size=8, cls_depth=1, **_VIT),
        "xcit": _vit("xcit", "XCiT", patch_size=8, cls_depth=1, **_VIT),
        "t2t": _vit("t2t", "T2TViT", t2t_layers=((3, 2), (3, 2)), **_VIT),
        "ats_vit": _vit("ats_vit", patch_size=8, max_tokens_per_depth=(12, 8), **_VIT),
        "vit_with_patch_merger": _vit("vit_with_patch_merger", patch_size=8, patch_merge_layer=1,
                                      patch_merge_num_tokens=4, **_VIT),
        "na_vit": _vit("na_vit", "NaViT", [[noise(3, 32, 32), noise(3, 16, 32)]], patch_size=8, **_VIT),
        "vit_nd": _vit("vit_nd", "ViTND", ndim=2, input_shape=(32, 32), patch_size=8, num_classes=10, dim=64,
                       depth=2, heads=4, mlp_dim=96, channels=3),
        "cct": _vit("cct", "CCT", img_size=32, embedding_dim=64, n_conv_layers=1, kernel_size=3, num_layers=2,
                    num_heads=4, mlp_ratio=2.0, num_classes=10, positional_embedding="learnable"),
        "cross_vit": _vit("cross_vit", "CrossViT", image_size=32, num_classes=10, sm_dim=32, lg_dim=48,
                          sm_patch_size=8, sm_enc_depth=1, sm_enc_heads=4, sm_enc_mlp_dim=48,
                          lg_patch_size=16, lg_enc_depth=1, lg_enc_heads=4, lg_enc_mlp_dim=48,
                          cross_attn_depth=1, cross_attn_heads=4, depth=1),
        "pit": _vit("pit", "PiT", image_size=32, patch_size=8, dim=32, num_classes=10, depth=(1, 1), heads=2,
                    mlp_dim=48),
        "cvt": _vit("cvt", "CvT", num_classes=10, **_stages(3, emb_dim=32, depth=1, heads=2)),
        "twins_svt": _vit("twins_svt", "TwinsSVT", noise(2, 3, 16, 16), num_classes=10, **(
            _stages(4, emb_dim=16, patch_size=1, local_patch_size=4, global_k=4, depth=1)
            | {"s1_patch_size": 2})),
        "regionvit": _vit("regionvit", "RegionViT", noise(2, 3, 64, 64), dim=(32,) * 4, depth=(1,) * 4,
                          window_size=2, num_classes=10, tokenize_local_3_conv=False, use_peg=False),
        "scalable_vit": _vit("scalable_vit", "ScalableViT", num_classes=10, dim=16, heads=(2, 2),
                             depth=(1, 1), ssa_dim_key=(8, 8), reduction_factor=(2, 1),
                             window_size=(4, None), dropout=0.0),
        "nest": _vit("nest", "NesT", image_size=32, patch_size=4, dim=32, heads=2, num_hierarchies=2,
                     block_repeats=(1, 1), num_classes=10),
        "mobile_vit": _vit("mobile_vit", "MobileViT", image_size=(32, 32), dims=[32] * 3, num_classes=10,
                           channels=[8, 8, *[16] * 8, 32], patch_size=(1, 1)),
    },
    "perceiver_pytorch": {
        "Perceiver": _of("perceiver_pytorch", "Perceiver", noise(2, 6, 6, 3), input_channels=3, input_axis=2,
                         num_freq_bands=2, max_freq=10.0, num_classes=10, **_PERCEIVER),
    },
    "performer_pytorch": {
        "random features": _of("performer_pytorch", "PerformerLM", IDS, **_PERFORMER),
        "with local heads": _of("performer_pytorch", "PerformerLM", numbers(100, 2, 16), **_PERFORMER,
                                local_attn_heads=2, local_window_size=4),
    },
    "whisper": {"Whisper": _whisper},
    "segment_anything": {"image encoder": _segment_anything},
    "torchvision": {
        "vit": _of("torchvision.models", "VisionTransformer", PICTURES, image_size=32, patch_size=8,
                   num_layers=2, num_heads=4, hidden_dim=64, mlp_dim=96),
        "swin": _of("torchvision.models", "SwinTransformer", PICTURES, **_SWIN),
        "maxvit": _of("torchvision.models", "MaxVit", PICTURES, input_size=(32, 32), stem_channels=16,
                      partition_size=4, block_channels=[16], block_layers=[2], head_dim=8,
                      stochastic_depth_prob=0.0),
        "video swin": _of("torchvision.models.video.swin_transformer", "SwinTransformer3d",
                          noise(2, 3, 4, 32, 32),
                          **_SWIN | {"patch_size": [2, 4, 4], "window_size": [2, 4, 4]}),
    },
    "torch_geometric": {
        "TransformerConv": _of("torch_geometric.nn", "TransformerConv", noise(12, 32), _EDGES, args=(32, 8),
                               heads=4),
    },
    "kornia": {"LightGlue": _light_glue},
    "litgpt": {
        "GPT-NeoX": _litgpt(bias=True, rotary_percentage=0.25, mlp_class_name="GptNeoxMLP"),
        "Llama": _litgpt(**_LLAMA),
        "Gemma 2": _litgpt(**_LLAMA, attention_logit_softcapping=5.0, sliding_window_size=4,
                           sliding_window_indices=[1, 0], post_attention_norm=True, post_mlp_norm=True),
        "norm of q and k": _litgpt(**_LLAMA, norm_qk=True),
    },
    "speechbrain": {
        name: _conformer(name) for name in ("regularMHA", "RelPosMHAXL", "RoPEMHA", "hypermixing")
    },
}  # fmt: skip
