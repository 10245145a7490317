"""Families of transformers that need settings of their own, or other inputs than a text or a picture."""

import inspect
from collections.abc import Callable

import torch
import transformers

Inputs = Callable[[torch.nn.Module], dict[str, torch.Tensor]]


def noise(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def numbers(high: int, *shape: int) -> torch.Tensor:
    return torch.randint(3, high, shape, generator=torch.Generator().manual_seed(5))


IDS = numbers(100, 2, 11)
PICTURES = noise(2, 3, 32, 32, seed=6)

# What these configurations know besides `small_models.SETTINGS`; so do those of their parts.
SETTINGS = {
    "depth": 2, "num_heads": 8, "embed_dim": 64, "out_hidden_size": 64, "mlp_dim": 96, "num_mel_bins": 16,
    "projection_dim": 32, "window_size": 4, "in_channels": 3, "spatial_merge_size": 2, "num_queries": 5,
    "temporal_patch_size": 1, "deepstack_visual_indexes": [0], "d_head": 8, "attention_head_dim": 8,
    "fullatt_block_indexes": [1], "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8,
    "q_lora_rank": 24, "kv_lora_rank": 16, "codebook_size": 32, "num_codebooks": 2, "num_labels": 3,
    "num_attention_layers": 2, "encoder_hidden_size": 64, "vision_hidden_size": 64, "max_window_layers": 1,
    "moe_num_experts": 4, "num_experts_per_token": 2, "encoder_num_hidden_layers": 2,
    "decoder_num_hidden_layers": 2, "encoder_num_attention_heads": 8, "decoder_num_attention_heads": 8,
    "max_source_length": 64, "first_k_dense_replace": 1, "index_n_heads": 2, "index_head_dim": 8,
    "index_topk": 4, "shared_expert_intermediate_size": 32, "conv_depthwise_kernel_size": 7,
    "linear_num_value_heads": 4, "linear_num_key_heads": 2, "linear_key_head_dim": 8,
    "linear_value_head_dim": 8, "mamba_num_heads": 4, "mamba_d_head": 32, "mamba_n_heads": 4,
    "mamba_d_state": 8, "audio_channels": 1,
}  # fmt: skip


def _text(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {"input_ids": IDS}


def _both(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {"input_ids": IDS, "pixel_values": PICTURES}


def _given(**tensors: torch.Tensor) -> Inputs:
    return lambda model: tensors


def _seen(frames: int = 0, size: tuple[int, int] = (32, 32), name: str = "pixel_values") -> Inputs:
    """Pictures, or films of so many frames."""
    return _given(**{name: noise(2, *([frames] if frames else []), 3, *size)})


def _patches(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Two pictures, their patches one below the other."""
    config = model.config
    channels = next(
        n for name in ("in_channels", "in_chans", "num_channels") if (n := getattr(config, name, 0))
    )
    width = channels * getattr(config, "temporal_patch_size", 1) * config.patch_size**2
    first = next(iter(inspect.signature(model.forward).parameters))
    return {first: noise(24, width), "grid_thw": torch.tensor([[1, 4, 4], [1, 2, 4]])}


def _places(count: int, wide: int) -> torch.Tensor:
    """Row and column of each patch, [2, count, 2]."""
    return torch.tensor([[n // wide, n % wide] for n in range(count)]).expand(2, count, 2)


def _turned_by(*sections: int) -> dict:
    return {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": list(sections)}}


_MLA = {"q_lora_rank": 24, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 8,
        "num_key_value_heads": 8}  # fmt: skip
_HYBRID = {"layer_types": ["linear_attention", "full_attention"], "num_hidden_layers": 2}
_SERIES = {
    "prediction_length": 4, "context_length": 8, "lags_sequence": [1, 2], "num_time_features": 2,
    "d_model": 64, "num_static_categorical_features": 0, "num_static_real_features": 0,
}  # fmt: skip
_SERIES_INPUTS = _given(
    past_values=noise(2, 10), past_time_features=noise(2, 10, 2), past_observed_mask=torch.ones(2, 10),
    future_values=noise(2, 4), future_time_features=noise(2, 4, 2),
)  # fmt: skip
_PATCHES = {"context_length": 32, "patch_length": 4, "patch_stride": 4, "num_input_channels": 3}
_WIDE = {"head_dim": 8} | _MLA
_BOX = numbers(9, 2, 11, 4).cumsum(-1)

FURTHER: dict[str, tuple[dict, Inputs]] = {
    **dict.fromkeys(("AXK1", "AXK2", "DeepseekV32", "Glm4MoeLite", "GlmMoeDsa", "Youtu", "MiniCPM3"),
                    (_WIDE, _text)),
    **dict.fromkeys(("Mistral4", "MistralLarge4Text"), (_MLA, _text)),
    **dict.fromkeys(("Qwen3_5Text", "Qwen3_5MoeText"), (_HYBRID, _text)),
    **dict.fromkeys(("Qwen2VLText", "Qwen2_5_VLText", "Cosmos3EdgeText", "HunYuanVLText", "Glm4vText",
                     "GlmImageText", "GlmOcrText"), (_turned_by(1, 1, 2), _text)),
    "PaddleOCRText": (_turned_by(1, 1, 2) | {"head_dim": 8}, _text),
    "Glm4vMoeText": (_turned_by(1, 1, 0), _text),
    "HYV4VLText": (_turned_by(1, 1, 2) | _WIDE, _text),
    "LongcatFlash": (_WIDE | {"ffn_hidden_size": 96, "expert_ffn_hidden_size": 32, "zero_expert_num": 2,
                              "num_layers": 2, "moe_topk": 2}, _text),
    "KimiLinear": (_HYBRID | _MLA, _text),
    "GraniteMoeHybrid": ({"layer_types": ["mamba", "attention"]}, _text),
    "Dots1": ({"n_shared_experts": 1, "n_routed_experts": 4, "num_experts_per_tok": 2}, _text),
    "Dots3NoteText": ({"num_key_value_heads": 8}, _text),
    "Esmc": ({"num_key_value_heads": 8}, _text),
    "Gemma3nText": ({"vocab_size_per_layer_input": 101, "hidden_size_per_layer_input": 8, "laurel_rank": 8,
                     "num_kv_shared_layers": 0, "activation_sparsity_pattern": [0.0, 0.0],
                     "layer_types": ["sliding_attention", "full_attention"]}, _text),
    "Gemma4Text": ({"vocab_size_per_layer_input": 101, "hidden_size_per_layer_input": 8, "global_head_dim": 8,
                    "layer_types": ["sliding_attention", "full_attention"]}, _text),
    "Lfm2Moe": ({"layer_types": ["conv", "full_attention"], "num_dense_layers": 1}, _text),
    "Zamba": ({"num_hidden_layers": 4, "layers_block_type": ["mamba", "hybrid"] * 2, "n_mamba_heads": 2,
               "num_key_value_heads": 8, "attention_head_dim": 16, "attention_hidden_size": 128,
               "use_mamba_kernels": False}, _text),
    "Zamba2": ({"num_hidden_layers": 4, "layers_block_type": ["mamba", "hybrid"] * 2, "n_mamba_heads": 4,
                "num_key_value_heads": 8, "use_mamba_kernels": False, "chunk_size": 8, "adapter_rank": 4,
                "use_shared_attention_adapter": True, "use_mem_rope": True}, _text),
    "Zaya": ({"num_experts_per_tok": 1, "num_experts": 4, "router_hidden_size": 16}, _text),
    "Xmod": ({"default_language": "en_XX", "languages": ["en_XX"]}, _text),
    "DeepseekOcr2Text": ({"mlp_layer_types": ["dense", "sparse"]}, _text),
    "UnlimitedOcrText": ({}, _text),
    "Ernie4_5_VLMoeText": (_turned_by(1, 1, 2) | {"moe_intermediate_size": [32, 32], "moe_k": 2,
                                                  "mlp_layer_types": ["dense", "sparse"]}, _text),
    "CsmDepthDecoder": ({"backbone_hidden_size": 64, "num_codebooks": 8}, _given(input_ids=IDS[:, :5] % 30)),
    "Bros": ({}, _given(input_ids=IDS, bbox=_BOX / 60)),
    "Lilt": ({"hidden_size": 96}, _given(input_ids=IDS, bbox=_BOX)),
    "LayoutLMv3": ({"coordinate_size": 12, "shape_size": 8, "rel_pos_bins": 8, "rel_2d_pos_bins": 8,
                    "input_size": 32, "visual_embed": False}, _given(input_ids=IDS, bbox=_BOX)),
    "T5Gemma2": ({}, _given(input_ids=IDS, decoder_input_ids=IDS[:, :5])),
    "Udop": ({"num_layers": 2, "num_decoder_layers": 2, "max_2d_position_embeddings": 32},
             _given(input_ids=IDS, bbox=_BOX / 60, pixel_values=PICTURES, decoder_input_ids=IDS[:, :5])),
    **dict.fromkeys(("Informer", "TimeSeriesTransformer"), (_SERIES, _SERIES_INPUTS)),
    "Autoformer": (_SERIES | {"label_length": 4, "moving_average": 3}, _SERIES_INPUTS),
    "PatchTST": (_PATCHES | {"channel_attention": True}, _given(past_values=noise(2, 32, 3))),
    "PatchTSMixer": (_PATCHES | {"d_model": 32, "self_attn": True, "self_attn_heads": 2},
                     _given(past_values=noise(2, 32, 3))),
    "TimesFm2_5": ({"patch_length": 8, "context_length": 32, "horizon_length": 8},
                   _given(past_values=noise(2, 32))),
    "DecisionTransformer": ({}, _given(
        states=noise(2, 5, 17), actions=noise(2, 5, 4), rewards=noise(2, 5, 1), returns_to_go=noise(2, 5, 1),
        timesteps=torch.arange(5).repeat(2, 1), attention_mask=torch.ones(2, 5))),
    **dict.fromkeys(("Blip", "CLIP", "CLIPSeg", "Siglip", "OwlViT", "GroupViT", "Vilt"), ({}, _both)),
    "BridgeTower": ({
        "text_config": {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 8,
                        "intermediate_size": 96, "vocab_size": 101, "max_position_embeddings": 64},
        "vision_config": {"hidden_size": 64, "num_hidden_layers": 3, "patch_size": 8, "image_size": 32}},
        _given(input_ids=IDS, attention_mask=torch.ones_like(IDS), pixel_values=PICTURES,
               pixel_mask=torch.ones(2, 32, 32))),
    "Blip2QFormer": ({"cross_attention_frequency": 1, "encoder_hidden_size": 32},
                     _given(query_embeds=noise(2, 5, 64), encoder_hidden_states=noise(2, 9, 32))),
    "Lxmert": ({"l_layers": 2, "r_layers": 1, "x_layers": 2, "visual_feat_dim": 16},
               _given(input_ids=IDS, visual_feats=noise(2, 6, 16), visual_pos=noise(2, 6, 4))),
    "Idefics": ({"additional_vocab_size": 0, "cross_layer_interval": 1, "use_resampler": False,
                 "alpha_initializer": "ones", "vision_config": {
                     "embed_dim": 32, "image_size": 32, "patch_size": 8, "num_attention_heads": 4,
                     "num_hidden_layers": 2, "intermediate_size": 64}},
                _given(input_ids=IDS, attention_mask=torch.ones_like(IDS), pixel_values=PICTURES[:, None],
                       image_attention_mask=torch.ones(2, 11, 1, dtype=torch.long))),
    **dict.fromkeys(("GroundingDino", "MMGroundingDino"), ({"backbone_config": {
        "model_type": "swin", "depths": [1, 1], "embed_dim": 32, "num_heads": [2, 4], "window_size": 4,
        "patch_size": 4, "image_size": 32}}, _both)),
    **dict.fromkeys(("Radio", "Sam3Vision", "RfDetr", "FocalNet", "SwiftFormer"), ({}, _seen())),
    "VJEPA2": ({}, _seen(4, name="pixel_values_videos")),
    "VideoMAE": ({"num_frames": 4, "tubelet_size": 2}, _seen(4)),
    "Vivit": ({"num_frames": 4, "tubelet_size": [2, 8, 8]}, _seen(4)),
    "Timesformer": ({"num_frames": 4}, _seen(4)),
    "VideoPrismVision": ({"num_frames": 4, "num_spatial_layers": 1, "num_temporal_layers": 1},
                         _seen(4, name="pixel_values_videos")),
    "MobileViTV2": ({"image_size": 64, "patch_size": 2}, _seen(size=(64, 64))),
    "Perceiver": ({"num_latents": 6, "d_latents": 32, "num_blocks": 1, "num_self_attends_per_block": 2,
                   "num_self_attention_heads": 4, "num_cross_attention_heads": 4},
                  _given(inputs=noise(2, 9, 64))),
    "SegGpt": ({"image_size": [32, 16], "intermediate_hidden_state_indices": [0, 1], "merge_index": 0,
                "pretrain_image_size": 32, "decoder_hidden_size": 16},
               _given(**{name: noise(2, 3, 16, 16, seed=seed) for seed, name in enumerate(
                   ("pixel_values", "prompt_pixel_values", "prompt_masks"))})),
    "Mgpstr": ({"image_size": [16, 32], "max_token_length": 5, "num_character_labels": 8, "num_bpe_labels": 9,
                "num_wordpiece_labels": 9}, _seen(size=(16, 32))),
    "Llama4Vision": ({"vision_output_dim": 96, "projector_input_dim": 96, "projector_output_dim": 96,
                      "intermediate_size": 256}, _seen()),
    "MllamaVision": ({"num_global_layers": 1, "max_num_tiles": 2, "intermediate_layers_indices": [0],
                      "supported_aspect_ratios": [[1, 1], [1, 2], [2, 1]], "attention_heads": 8,
                      "image_size": 16, "vision_output_dim": 128},
                     _given(pixel_values=noise(2, 1, 2, 3, 16, 16), aspect_ratio_ids=torch.tensor([[2], [1]]),
                            aspect_ratio_mask=torch.tensor([[[1, 1]], [[1, 0]]]))),
    "Siglip2Vision": ({"num_patches": 16}, _given(
        pixel_values=noise(2, 12, 192), spatial_shapes=torch.tensor([[3, 4], [3, 3]]),
        pixel_attention_mask=torch.tensor([[1] * 12, [1] * 9 + [0] * 3]))),
    "Gemma4Vision": ({"num_key_value_heads": 8, "position_embedding_size": 16, "pooling_kernel_size": 2},
                     _given(pixel_values=noise(2, 16, 192), pixel_position_ids=_places(16, 4))),
    "Pix2StructVision": ({"patch_embed_hidden_size": 48, "seq_len": 16}, _given(
        flattened_patches=torch.cat([_places(12, 4), noise(2, 12, 48)], -1))),
    **dict.fromkeys(("Qwen3VLVision", "Qwen3_5Vision", "Glm4vVision", "GlmImageVision", "HYV4VLVision",
                     "MiniMaxM3VLVision", "CohereCompassVision"), ({}, _patches)),
    "Data2VecAudio": ({}, _given(input_values=noise(2, 4000))),
    "Wav2Vec2Bert": ({"feature_projection_input_dim": 16, "position_embeddings_type": "relative_key"},
                     _given(input_features=noise(2, 20, 16))),
    "Speech2Text": ({"input_feat_per_channel": 16, "conv_channels": 32},
                    _given(input_features=noise(2, 40, 16), decoder_input_ids=IDS[:, :5])),
    "ClapAudio": ({"num_attention_heads": [2, 4], "depths": [1, 1], "patch_embeds_hidden_size": 16,
                   "hidden_size": 32, "spec_size": 64, "patch_size": 4},
                  _given(input_features=noise(2, 1, 64, 16))),
    "Moonshine": ({}, _given(input_values=noise(2, 4000), decoder_input_ids=IDS[:, :5])),
    "FastSpeech2Conformer": ({}, _text),
    "Mimi": ({"num_key_value_heads": 8, "num_filters": 8, "upsampling_ratios": [4, 4], "codebook_size": 16,
              "codebook_dim": 16, "vector_quantization_hidden_dimension": 16, "num_semantic_quantizers": 1,
              "num_quantizers": 4, "upsample_groups": 64}, _given(input_values=noise(2, 1, 640))),
}  # fmt: skip


def settings_of(kind: type, own: dict, settings: dict) -> dict:
    """The settings that a configuration knows, with those of its parts; `own` go before them."""
    known = set(inspect.signature(kind.__init__).parameters)
    known |= {name for one in kind.__mro__ for name in getattr(one, "__annotations__", {})}
    given = {name: value for name, value in settings.items() if name in known}
    for name, part in (getattr(kind, "sub_configs", None) or {}).items():
        if name not in own and name in known:
            part = type(getattr(kind(), name, None)) if part is transformers.AutoConfig else part
            if part not in (type(None), transformers.PretrainedConfig):
                given[name] = settings_of(part, {}, settings)
                given[name] |= {"model_type": part.model_type} if part.model_type else {}
    return given | own
