"""Models for pictures, tiny and of random weights, saved as their libraries save them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import torch
from PIL import Image


def untyped(kind: Any) -> Any:
    """Something whose library says nothing of its types."""
    return kind


def captioner_folder(folder: Path) -> Path:
    """An encoder of pictures with a decoder of text, as transformers' image-to-text models are."""
    from transformers import (
        GPT2Config,
        PreTrainedTokenizerFast,
        VisionEncoderDecoderConfig,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTImageProcessor,
    )

    torch.manual_seed(0)
    seen = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
    )
    said = untyped(GPT2Config)(
        n_embd=16, n_layer=1, n_head=2, vocab_size=64, n_positions=64, add_cross_attention=True,
        is_decoder=True, bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    config: Any = VisionEncoderDecoderConfig.from_encoder_decoder_configs(seen, said)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 0, 1, 1
    model: Any = VisionEncoderDecoderModel(config)
    model.generation_config.decoder_start_token_id = 0
    model.generation_config.bos_token_id = 0
    model.generation_config.eos_token_id = model.generation_config.pad_token_id = 1
    model.save_pretrained(folder)
    untyped(ViTImageProcessor)(size={"height": 32, "width": 32}).save_pretrained(folder)
    tokenizer = untyped(PreTrainedTokenizerFast)(tokenizer_object=_words(), eos_token="<e>", bos_token="<s>")
    tokenizer.save_pretrained(folder)
    return folder


def _words() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocabulary = {"<s>": 0, "<e>": 1, **{f"w{number}": number for number in range(2, 64)}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="w2"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def painter_folder(folder: Path) -> Path:
    """A text-to-image pipeline as Stable Diffusion's, with everything as small as it can be."""
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    vocabulary = {"<|startoftext|>": 0, "<|endoftext|>": 1}
    for letter in "abcdefghijklmnopqrstuvwxyz.:\"'":
        vocabulary[letter] = len(vocabulary)
        vocabulary[f"{letter}</w>"] = len(vocabulary)
    words = folder / "words"
    words.mkdir(parents=True)
    (words / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (words / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    tokenizer = untyped(CLIPTokenizer)(
        str(words / "vocab.json"), str(words / "merges.txt"), model_max_length=16
    )
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(vocabulary), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=16, bos_token_id=0, eos_token_id=1, pad_token_id=1,
        )
    )  # fmt: skip
    network = untyped(UNet2DConditionModel)(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=16, attention_head_dim=2,
        norm_num_groups=4,
    )  # fmt: skip
    coder = untyped(AutoencoderKL)(block_out_channels=(8,), norm_num_groups=4, latent_channels=4)
    schedule = untyped(DDIMScheduler)(steps_offset=1, clip_sample=False)
    pipeline = untyped(StableDiffusionPipeline)(
        vae=coder, text_encoder=text, tokenizer=tokenizer, unet=network, scheduler=schedule,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.save_pretrained(folder / "pipeline")
    return folder / "pipeline"


def picture(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture file."""
    out = io.BytesIO()
    Image.new(mode, size).save(out, "JPEG" if mode == "CMYK" else "PNG")
    return out.getvalue()
