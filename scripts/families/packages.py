"""Small random models of packages besides transformers. A function for each returns (model, what runs it).

Those of packages that are not installed are left out.
"""

import importlib.util
from collections.abc import Callable

import torch
from further_packages import FURTHER
from small_models import IDS, PICTURES, small

Made = tuple[torch.nn.Module, Callable[[], object]]
VECTORS = torch.randn(2, 16, 64, generator=torch.Generator().manual_seed(9))


def _timm(name: str, size: int = 32, **options: object) -> Callable[[], Made]:
    def make() -> Made:
        import timm

        model = timm.create_model(name, num_classes=10, **options).eval()
        pictures = torch.nn.functional.interpolate(PICTURES, size=(size, size))
        return model, lambda: model(pictures)

    return make


def _x_transformers(**options: object) -> Callable[[], Made]:
    def make() -> Made:
        import x_transformers

        kind = x_transformers.Encoder if options.get("encoder") else x_transformers.Decoder
        own = {key: value for key, value in options.items() if key != "encoder"}
        layers = kind(dim=64, depth=2, heads=8, attn_dim_head=8, **own)
        model = x_transformers.TransformerWrapper(num_tokens=101, max_seq_len=64, attn_layers=layers).eval()
        return model, lambda: model(IDS)

    return make


def _open_clip() -> Made:
    import open_clip

    text = {"context_length": 11, "vocab_size": 101, "width": 64, "heads": 8, "layers": 2}
    sight = {"layers": 2, "width": 64, "patch_size": 8, "image_size": 32, "head_width": 8}
    model = open_clip.CLIP(embed_dim=32, vision_cfg=sight, text_cfg=text).eval()
    return model, lambda: model(PICTURES, IDS)


def _peft(kind: str, of: str = "Llama", **options: object) -> Callable[[], Made]:
    def make() -> Made:
        import peft

        model = peft.get_peft_model(small(of), getattr(peft, kind)(**options)).eval()
        for name, parameter in model.named_parameters():  # B of a new adapter is zero
            words = ("lora_B", "lora_E", "hada", "ia3", "magnitude", "vblora", "oft_R")
            if any(word in name for word in words):
                torch.nn.init.normal_(parameter, 1.0 if "ia3" in name or "magnitude" in name else 0.0, 0.2)
        return model, lambda: model(input_ids=IDS)

    return make


def _diffusers(name: str, options: dict, **given: torch.Tensor) -> Callable[[], Made]:
    def make() -> Made:
        import diffusers

        model = getattr(diffusers, name)(**options).eval()
        return model, lambda: model(**given, return_dict=False)

    return make


def _local_attention(**options: object) -> Callable[[], Made]:
    def make() -> Made:
        from local_attention import LocalMHA

        model = LocalMHA(dim=64, dim_head=8, heads=8, window_size=4, **options).eval()
        return model, lambda: model(VECTORS)

    return make


def _noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(10))


_VIT = {"img_size": 32, "patch_size": 8, "embed_dim": 64, "depth": 2, "num_heads": 8}
_STEP = torch.tensor([3, 3])
_UNET = {
    "sample_size": 8, "block_out_channels": (16, 32), "layers_per_block": 1, "norm_num_groups": 8,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"), "cross_attention_dim": 24,
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"), "attention_head_dim": 4,
}  # fmt: skip
_DIT = {"num_attention_heads": 4, "attention_head_dim": 8, "num_layers": 2, "sample_size": 8, "patch_size": 2,
        "in_channels": 4, "norm_num_groups": 4}  # fmt: skip
_FLUX = {"patch_size": 1, "in_channels": 4, "num_layers": 1, "num_single_layers": 1, "attention_head_dim": 16,
         "num_attention_heads": 2, "joint_attention_dim": 24, "pooled_projection_dim": 24,
         "axes_dims_rope": (4, 4, 8)}  # fmt: skip
MODELS = {
    "timm": {
        "vit": _timm("vit_tiny_patch16_224", **_VIT),
        "deit3": _timm("deit3_small_patch16_224", **_VIT),
        "beit": _timm("beit_base_patch16_224", **_VIT),
        "eva02": _timm("eva02_tiny_patch14_224", **_VIT),
        "cait": _timm("cait_xxs24_224", **_VIT),
        "xcit": _timm("xcit_nano_12_p16_224", img_size=32, embed_dim=64, depth=2, num_heads=8),
        "swin": _timm("swin_tiny_patch4_window7_224", img_size=32, window_size=4, embed_dim=32, depths=(1, 1),
                      num_heads=(2, 4)),
        "twins": _timm("twins_svt_small", embed_dims=(32, 64), depths=(1, 1), num_heads=(2, 4), img_size=32,
                       mlp_ratios=(2, 2), sr_ratios=(2, 1), wss=(4, 4)),
        "pvt_v2": _timm("pvt_v2_b0", 64),
        "convit": _timm("convit_tiny", **_VIT),
        "vit, qk norm": _timm("vit_tiny_patch16_224", **_VIT, qk_norm=True),
        "vit, differential": _timm("vit_tiny_patch16_224", **_VIT, attn_layer="diff"),
        "mvitv2": _timm("mvitv2_tiny", 64),
        "vit, LayerScale": _timm("vit_tiny_patch16_224", **_VIT, init_values=0.3),
    },
    "x_transformers": {
        "decoder": _x_transformers(),
        "rotary": _x_transformers(rotary_pos_emb=True),
        "alibi": _x_transformers(alibi_pos_bias=True, alibi_num_heads=4),
        "T5 bias": _x_transformers(rel_pos_bias=True),
        "one key/value head": _x_transformers(attn_one_kv_head=True),
        "grouped": _x_transformers(attn_kv_heads=2),
        "qk norm": _x_transformers(attn_qk_norm=True),
        "talking heads": _x_transformers(attn_pre_talking_heads=True),
        "top k": _x_transformers(attn_sparse_topk=3),
        "gated values": _x_transformers(attn_gate_values=True),
        "memories": _x_transformers(attn_num_mem_kv=4),
        "flash": _x_transformers(attn_flash=True),
        "sandwich norm": _x_transformers(sandwich_norm=True),
        "encoder": _x_transformers(encoder=True),
        "dynamic position bias": _x_transformers(dynamic_pos_bias=True),
        "softclamped": _x_transformers(attn_softclamp_logits=True),
        "sigmoid": _x_transformers(attn_sigmoid=True),
        "LASER": _x_transformers(attn_laser=True),
        "selective": _x_transformers(attn_selective=True),
        "gated heads": _x_transformers(attn_gate_value_heads=True),
        "on attention": _x_transformers(attn_on_attn=True),
        "multi-latent values": _x_transformers(attn_use_latent_kv=True, attn_dim_latent_kv=16),
        "latent queries": _x_transformers(attn_use_latent_q=True, attn_dim_latent_q=16),
        "talking heads after": _x_transformers(attn_post_talking_heads=True),
        "xPos": _x_transformers(rotary_xpos=True),
        "residual attention": _x_transformers(residual_attn=True),
        "tokens shifted": _x_transformers(shift_tokens=1),
        "macaron": _x_transformers(macaron=True),
        "a zero key": _x_transformers(attn_add_zero_kv=True),
        "CoPE": _x_transformers(attn_use_cope=True),
        "data dependent alibi": _x_transformers(attn_data_dependent_alibi=True),
    },
    "open_clip": {"CLIP": _open_clip},
    "peft": {
        "LoRA": _peft("LoraConfig", r=4, target_modules=["q_proj", "v_proj", "o_proj"]),
        "DoRA": _peft("LoraConfig", r=4, use_dora=True, target_modules=["q_proj", "v_proj"]),
        "AdaLoRA": _peft("AdaLoraConfig", target_modules=["q_proj", "v_proj"], total_step=10),
        "LoHa": _peft("LoHaConfig", r=4, target_modules=["q_proj", "v_proj"]),
        "LoRA of a fused map": _peft("LoraConfig", "GPT2", r=4, target_modules=["c_attn"],
                                     fan_in_fan_out=True),
        "VB-LoRA": _peft("VBLoRAConfig", r=4, vector_length=8, num_vectors=16, target_modules=["q_proj"]),
        "OFT": _peft("OFTConfig", oft_block_size=8, target_modules=["q_proj", "v_proj"]),
        "IA3": _peft("IA3Config", target_modules=["k_proj", "v_proj"], feedforward_modules=[]),
    },
    "diffusers": {
        "UNet": _diffusers("UNet2DConditionModel", _UNET, sample=_noise(2, 4, 8, 8), timestep=_STEP,
                           encoder_hidden_states=_noise(2, 7, 24)),
        "DiT": _diffusers("DiTTransformer2DModel", _DIT, hidden_states=_noise(2, 4, 8, 8), timestep=_STEP,
                          class_labels=torch.tensor([1, 2])),
        "VAE": _diffusers("AutoencoderKL", {"block_out_channels": (16,), "norm_num_groups": 8},
                          sample=_noise(2, 3, 8, 8)),
        "Flux": _diffusers("FluxTransformer2DModel", _FLUX, hidden_states=_noise(2, 9, 4), timestep=_STEP,
                           encoder_hidden_states=_noise(2, 5, 24), pooled_projections=_noise(2, 24),
                           img_ids=torch.zeros(9, 3), txt_ids=torch.zeros(5, 3)),
    },
    "local_attention": {
        "LocalMHA": _local_attention(), "causal": _local_attention(causal=True),
        "rotary": _local_attention(use_xpos=False, use_rotary_pos_emb=True),
        "causal, exact": _local_attention(causal=True, exact_windowsize=True),
    },
}  # fmt: skip


def models() -> dict[str, Callable[[], Made]]:
    """The models of the packages that are there, by "package: model"."""
    every = MODELS | FURTHER
    there = [name for name in every if importlib.util.find_spec(name)]
    return {f"{name}: {model}": make for name in there for model, make in every[name].items()}
