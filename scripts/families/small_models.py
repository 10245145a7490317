"""Small random models of many families, and inputs for them: what `capture_families.py` records."""

import inspect

import torch
import transformers
from further_models import FURTHER, settings_of
from further_models import SETTINGS as FURTHER_SETTINGS

IDS = torch.randint(3, 100, (2, 11), generator=torch.Generator().manual_seed(5))
PICTURES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(6))
SOUNDS = torch.randn(2, 4000, generator=torch.Generator().manual_seed(7))

# Each configuration takes from these settings the ones that it knows.
SETTINGS = {
    "vocab_size": 101, "type_vocab_size": 2, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    "decoder_start_token_id": 2, "image_size": 32, "patch_size": 8, "initializer_range": 0.2, "init_std": 0.2,
    "num_experts": 4, "num_local_experts": 4, "n_routed_experts": 4, "num_experts_per_tok": 2,
    "moe_intermediate_size": 32, "n_group": 1, "topk_group": 1, "sliding_window": 4,
}  # fmt: skip
for _value, _names in (
    (64, "hidden_size n_embd d_model dim emb_dim embedding_size"),
    (2, "num_hidden_layers num_layers n_layer n_layers encoder_layers decoder_layers num_encoder_layers"),
    (2, "num_decoder_layers num_key_value_heads"),
    (8, "num_attention_heads n_head n_heads num_heads encoder_attention_heads decoder_attention_heads"),
    (8, "num_encoder_attention_heads num_decoder_attention_heads head_dim d_kv kv_channels rotary_dim"),
    (96, "intermediate_size ffn_dim d_ff encoder_ffn_dim decoder_ffn_dim hidden_dim d_inner"),
    (64, "max_position_embeddings n_positions max_target_positions max_source_positions"),
):
    SETTINGS |= dict.fromkeys(_names.split(), _value)

READS_TEXT = """
    GPT2 GPTNeo GPTNeoX GPTJ OPT Bloom Mpt Falcon Llama Mistral Mixtral Qwen2 Qwen2Moe Qwen3 Qwen3Moe Phi Phi3
    Gemma Gemma2 Gemma3Text Cohere Cohere2 Olmo Olmo2 Olmo3 Olmoe Granite GraniteMoe StableLm Starcoder2
    GPTBigCode CodeGen Persimmon Nemotron Glm Glm4 Glm4Moe DeepseekV2 DeepseekV3 GptOss DiffLlama Jamba Bamba
    RecurrentGemma MiniMax Exaone4 SmolLM3 Ernie4_5 HunYuanDenseV1 Lfm2 Qwen3Next XGLM BioGpt CTRL OpenAIGPT
    XLNet Helium Arcee Apertus Doge Llama4Text Bert Roberta Albert DistilBert Electra Deberta DebertaV2 MPNet
    ModernBert Longformer BigBird Nystromformer FNet Funnel ConvBert SqueezeBert MobileBert IBert Esm
    RemBert MegatronBert RoFormer Canine XLM Flaubert LayoutLM Mra EuroBert RobertaPreLayerNorm XLMRobertaXL
    Splinter Ernie BitNet Ministral SeedOss Data2VecText FalconH1 Luke Reformer
    Phimoe GraniteMoeShared Ministral3 JetMoe FlexOlmo HunYuanMoEV1 MiniMaxM2 VaultGemma ModernBertDecoder
    Yoso MarkupLM Tapas HyperCLOVAX CpmAnt XLMRoberta Camembert RoCBert Cwm Afmoe
    Aimv2Text AlignText AltCLIPText Apertus1p5Text AriaText BarkCoarse BarkSemantic Beam BlipText
    CLIPSegText CLIPText ChineseCLIPText ClapText Cohere2Moe DeepseekV4 EmbeddingGemma2Text Emu3Text
    Ernie4_5_Moe ExaoneMoe FlavaText Flint GPTNeoXJapanese Gemma4UnifiedText Granite4VisionText
    GraniteDoclingText GraniteMoeSWA GraniteSWA GroupViTText Gte HYV3 HiggsAudioV2 HrmText ImageGPT
    Inkling2LoopText Inkling2Text InklingText InstructBlipQFormer InstructBlipVideoQFormer Jais2
    JinaEmbeddingsV3 Kolibri1 Laguna LaraMini Mellum MetaClip2Text MiMoV2Flash MiniMaxM3VLText
    MllamaText Molmo2Text Moshi MuseGlimmerText MuseSparkText Mvp NanoChat NemotronH NomicBert
    OlmoHybrid OpenAIPrivacyFilter OwlViTText Owlv2Text PPFormulaNetText Qwen3VLMoeText Qwen3VLText Rwkv
    Sam3LiteTextText Siglip2Text SiglipText SolarOpen Step3p7Text Tipsv2Text Ultrabert VideoPrismText
    VisualBert XCLIPText HYV4
    """.split()
READS_AND_WRITES = """
    T5 MT5 LongT5 UMT5 SwitchTransformers Bart MBart Pegasus PegasusX BigBirdPegasus Marian Blenderbot M2M100
    LED ProphetNet PLBart NllbMoe BlenderbotSmall T5Gemma FSMT""".split()
SEES = """
    ViT DeiT Beit Dinov2 Dinov2WithRegisters DINOv3ViT Swin Swinv2 Segformer Pvt PvtV2 DPT Yolos ViTMAE
    ViTMSN Data2VecVision SiglipVision CLIPVision BlipVision IJepa Detr ConditionalDetr
    Levit Hiera DeformableDetr SamVision MobileViT DabDetr TableTransformer PixtralVision
    Aimv2Vision AltCLIPVision Blip2Vision CLIPSegVision ChineseCLIPVision FlavaImage GitVision
    GroupViTVision InstructBlipVideoVision InstructBlipVision InternVLVision JanusVision MLCDVision
    MetaClip2Vision OwlViTVision Owlv2Vision Phi4MultimodalVision Pixio QianfanOCRVision Sam3ViT
    SamHQVision Sapiens2 Step3p7Vision Tipsv2Vision VitDet Cvt DonutSwin Swin2SR GLPN Sam Sam2Vision
    MaskFormerSwin""".split()
HEARS = "Wav2Vec2 Hubert WavLM SEW SEWD UniSpeech UniSpeechSat Wav2Vec2Conformer Whisper AST".split()

_MLA = {"q_lora_rank": 24, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 8,
        "num_key_value_heads": 8, "head_dim": 8}  # fmt: skip
_STAGES = {"depths": [1, 1], "embed_dim": 32}
_BACKBONE = {"num_queries": 5, "backbone_config": transformers.ResNetConfig(
    embedding_size=16, hidden_sizes=[16, 32], depths=[1, 1], layer_type="basic",
    out_features=["stage2"])}  # fmt: skip
_GEMMA = {
    "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "head_dim": 8,
    "num_attention_heads": 8, "num_key_value_heads": 2, "max_position_embeddings": 64, "sliding_window": 4,
    "query_pre_attn_scalar": 8, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    "initializer_range": 0.2,
}  # fmt: skip
_SWIN = {"depths": [1, 1], "embed_dim": 32, "num_heads": [2, 4], "window_size": 4, "patch_size": 4}
_SAM = {
    "vision_config": {"hidden_size": 32, "output_channels": 16, "num_hidden_layers": 2, "image_size": 32,
                      "num_attention_heads": 4, "patch_size": 8, "window_size": 2, "global_attn_indexes": [1],
                      "mlp_dim": 64, "num_pos_feats": 8},
    "prompt_encoder_config": {"hidden_size": 16, "image_size": 32, "patch_size": 8, "mask_input_channels": 4},
    "mask_decoder_config": {"hidden_size": 16, "mlp_dim": 32, "num_attention_heads": 2,
                            "iou_head_hidden_dim": 16},
}  # fmt: skip
OWN = {  # what a family needs besides
    "T5Gemma": {"encoder": _GEMMA, "decoder": _GEMMA | {"cross_attention_hidden_size": 64},
                "vocab_size": 101},
    "Sam": _SAM, "DonutSwin": _SWIN, "MaskFormerSwin": _SWIN, "Swin2SR": _SWIN | {"patch_size": 1},
    "Cvt": {"embed_dim": [16, 32, 64], "num_heads": [1, 2, 4], "depth": [1, 2, 3]},
    "GLPN": {"hidden_sizes": [16, 32, 32, 64], "num_attention_heads": [1, 2, 2, 4], "depths": [1, 1, 1, 1]},
    "Sam2Vision": {
        "backbone_config": transformers.Sam2HieraDetConfig(
            hidden_size=16, image_size=[32, 32], blocks_per_stage=[1, 1, 2, 1], num_attention_heads=1,
            embed_dim_per_stage=[16, 32, 64, 128], num_attention_heads_per_stage=[1, 2, 4, 8],
            window_size_per_stage=[4, 2, 2, 2], global_attention_blocks=[3],
            window_positional_embedding_background_size=[2, 2]),
        "backbone_channel_list": [128, 64, 32, 16], "fpn_hidden_size": 32,
        "backbone_feature_sizes": [[8, 8], [4, 4], [2, 2]],
    },
    "GPTNeo": {"attention_types": [[["global", "local"], 1]], "window_size": 4},
    **dict.fromkeys(("DeepseekV2", "DeepseekV3", "HYV4"), _MLA),
    "Qwen3Next": {"layer_types": ["linear_attention", "full_attention"]},
    "Longformer": {"attention_window": [4, 4]}, "LED": {"attention_window": [4, 4]},
    "BigBird": {"block_size": 2, "num_random_blocks": 1},
    "Jamba": {"attn_layer_period": 2, "attn_layer_offset": 1}, "Bamba": {"attn_layer_indices": [1]},
    "Reformer": {"axial_pos_embds": False, "attn_layers": ["local", "lsh"], "num_buckets": 2,
                 "local_attn_chunk_length": 4, "lsh_attn_chunk_length": 4, "attention_head_size": 8,
                 "feed_forward_size": 64},
    "RecurrentGemma": {"block_types": ["recurrent", "attention"]},
    "Swin": _STAGES | {"num_heads": [2, 4], "window_size": 4, "patch_size": 4},
    "Swinv2": _STAGES | {"num_heads": [2, 4], "window_size": 4, "patch_size": 4},
    "Segformer": {"num_attention_heads": [1, 2, 2, 4], "hidden_sizes": [16, 32, 32, 64], "patch_size": None},
    "Pvt": {"num_attention_heads": [1, 2, 2, 4], "hidden_sizes": [16, 32, 32, 64]},
    "PvtV2": {"num_attention_heads": [1, 2, 2, 4], "hidden_sizes": [16, 32, 32, 64]},
    "Yolos": {"image_size": [32, 32], "num_detection_tokens": 4},
    **dict.fromkeys(("Detr", "ConditionalDetr", "DabDetr", "TableTransformer"), _BACKBONE),
    "DeformableDetr": _BACKBONE | {"num_feature_levels": 1},
    "Levit": {"image_size": 64, "hidden_sizes": [32, 48, 64], "num_attention_heads": [2, 3, 4],
              "depths": [1, 1, 1], "key_dim": [8, 8, 8], "patch_size": 16},
    "Hiera": {"image_size": [64, 64], "embed_dim": 16, "depths": [1, 1, 1, 1], "num_heads": [1, 2, 4, 8],
              "hidden_size": None, "patch_size": [7, 7], "patch_stride": [4, 4]},
    "SamVision": {"window_size": 2, "global_attn_indexes": [1], "output_channels": 16},
    "Whisper": {"num_mel_bins": 8}, "AST": {"num_mel_bins": 16, "max_length": 24},
}  # fmt: skip
TRANSFORMERS = {
    **dict.fromkeys(READS_TEXT, "text"),
    **dict.fromkeys(READS_AND_WRITES, "pair"),
    **dict.fromkeys(SEES, "picture"),
    **dict.fromkeys(HEARS, "sound"),
    **dict.fromkeys(FURTHER, "further"),
}


def small(name: str) -> torch.nn.Module:
    """A small random model of a family of transformers."""
    kind = getattr(transformers, f"{name}Config")
    known = set(inspect.signature(kind.__init__).parameters)
    own = {key: value for key, value in OWN.get(name, {}).items() if value is not None}
    given = {key: value for key, value in SETTINGS.items() if key in known and key not in OWN.get(name, {})}
    if name in FURTHER:
        given = settings_of(kind, FURTHER[name][0], SETTINGS | FURTHER_SETTINGS)
    torch.manual_seed(0)
    model = getattr(transformers, f"{name}Model")(kind(**given | own)).eval()
    for parameter in model.parameters():  # a parameter of ones or zeros would hide its effect
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter, float(parameter.detach().mean()), 0.2)
    return model


def inputs_of(name: str, model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Two inputs for a model of a family."""
    kind = TRANSFORMERS[name]
    if name in FURTHER:
        return FURTHER[name][1](model)
    if name == "Whisper":
        features = torch.randn(2, 8, 128, generator=torch.Generator().manual_seed(8))
        return {"input_features": features, "decoder_input_ids": IDS[:, :5]}
    if name == "AST":
        return {"input_values": torch.randn(2, 24, 16, generator=torch.Generator().manual_seed(8))}
    if name == "Sam":
        return {"pixel_values": PICTURES, "input_points": torch.tensor([[[[5.0, 9.0]]], [[[20.0, 3.0]]]])}
    if kind == "picture":
        size = getattr(model.config, "image_size", 32)
        return {
            "pixel_values": PICTURES if size not in (64, [64, 64], (64, 64)) else PICTURES.repeat(1, 1, 2, 2)
        }
    if kind == "sound":
        return {"input_values": SOUNDS}
    return {"input_ids": IDS} | ({"decoder_input_ids": IDS[:, :5]} if kind == "pair" else {})
