#!/usr/bin/env python3
"""Compares a checkpoint that MotionEnhancer saved, and what it computed with it, with transformers.

scripts/check-with-transformers.mjs calls it:  python3 check-with-transformers.py FOLDER
FOLDER/checkpoint is loaded as it is, except for the original form of InternVL (InternVLChatModel), whose code is not in
transformers: its tensors are renamed to those of InternVLForConditionalGeneration first.
Needs torch, transformers >= 5, safetensors and Pillow. Exit code 1 when a number is off.
"""

import json
import re
import sys
from pathlib import Path

import torch
from PIL import Image
from safetensors import safe_open
from transformers import AutoTokenizer
from transformers import InternVLConfig, InternVLForConditionalGeneration, Qwen2_5_VLForConditionalGeneration
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

# Float32 on both sides: only the order of sums differs.
TOLERANCE = 2e-4
ROWS_TOLERANCE = 1e-5


class Report:
    def __init__(self) -> None:
        self.failed = 0

    def check(self, name: str, ok: bool, detail: str) -> None:
        self.failed += not ok
        print(f"{'ok' if ok else 'FAILED':8}{name:28}{detail}")

    def close(self, name: str, mine: torch.Tensor, theirs: torch.Tensor, tolerance: float = TOLERANCE) -> None:
        mine, theirs = mine.float().reshape(-1), theirs.float().reshape(-1)
        same = mine.shape == theirs.shape
        off = (mine - theirs).abs().max().item() if same else float("nan")
        top = theirs.abs().max().item()
        limit = tolerance if tolerance == ROWS_TOLERANCE else tolerance * top
        self.check(name, same and off <= limit, f"largest difference {off:.3g} of {top:.3g}")


def main(folder: Path) -> int:
    checkpoint = folder / "checkpoint"
    with safe_open(folder / "ours.safetensors", "pt") as file:
        ours = {name: file.get_tensor(name) for name in file.keys()}
        notes = file.metadata()
    report = Report()
    kind = json.loads((checkpoint / "config.json").read_text())["model_type"]
    if kind == "internvl_chat":
        model, loading = load_original(checkpoint)
    else:
        cls = Qwen2_5_VLForConditionalGeneration if kind == "qwen2_5_vl" else InternVLForConditionalGeneration
        model, loading = cls.from_pretrained(
            checkpoint, dtype=torch.float32, output_loading_info=True, attn_implementation="eager"
        )
    model.eval()
    strange = {key: sorted(map(str, loading[key])) for key in loading if loading[key]}
    report.check("weights", not strange, json.dumps(strange)[:200] if strange else "none missing, none unexpected")

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    theirs = tokenizer(notes["text"], add_special_tokens=False)["input_ids"]
    report.check("text tokens", theirs == ours["text_ids"].tolist(), f"{len(theirs)} tokens")
    with torch.no_grad():
        text = model(input_ids=ours["text_ids"][None])
        report.close("text logits", ours["text_logits"], text.logits)
        inputs = qwen_inputs(model, tokenizer, ours, notes, report) if kind == "qwen2_5_vl" else tile_inputs(ours)
        out = model(**inputs, output_attentions=True)
        report.close("logits", ours["logits"], out.logits)
        mean = torch.stack([layer[0].float().mean(0) for layer in out.attentions]).mean(0)
        report.close("attention rows", ours["rows"], mean[ours["row_places"]], ROWS_TOLERANCE)
        inputs.pop("position_ids", None)
        reply = model.generate(
            **inputs,
            do_sample=False,
            temperature=None,
            repetition_penalty=float(notes["repetition_penalty"]),
            eos_token_id=[],
            pad_token_id=0,
            max_new_tokens=len(ours["reply"]),
        )[0, ours["ids"].numel() :]
        report.check("greedy reply", reply.tolist() == ours["reply"].tolist(), f"{reply.tolist()}")
    pixels(checkpoint, kind, ours, notes, report)
    print(f"{report.failed} failed" if report.failed else "all equal")
    return 1 if report.failed else 0


def qwen_inputs(model, tokenizer, ours, notes, report: Report) -> dict:
    message = {"role": "user", "content": [{"type": "video"}, {"type": "image"}, {"type": "text", "text": notes["question"]}]}
    chat = tokenizer.apply_chat_template([message], tokenize=False, add_generation_prompt=True)
    report.check("chat template", chat == notes["chat"], f"{len(chat)} characters")
    ids = ours["ids"][None]
    types = torch.zeros_like(ids)
    types[ids == model.config.image_token_id] = 1
    types[ids == model.config.video_token_id] = 2
    media = {
        "video_grid_thw": ours["grid_0"][None],
        "image_grid_thw": ours["grid_1"][None],
        "second_per_grid_ts": torch.tensor([float(notes["second_per_grid"])]),
        "mm_token_type_ids": types,
    }
    positions, _ = model.model.get_rope_index(input_ids=ids, **media)
    report.check("positions", torch.equal(positions, ours["positions"]), f"{ids.shape[1]} tokens")
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values_videos": ours["pixels_0"],
        "pixel_values": ours["pixels_1"],
        "position_ids": positions,
        **media,
    }


def tile_inputs(ours) -> dict:
    ids = ours["ids"][None]
    tiles = torch.cat([ours["pixels_0"], ours["pixels_1"]])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": tiles}


def pixels(checkpoint: Path, kind: str, ours, notes, report: Report) -> None:
    """The image as transformers' processors (Pillow) make it ready."""
    image = Image.open(notes["image"])
    raw = json.loads((checkpoint / "preprocessor_config.json").read_text())
    if kind == "qwen2_5_vl":
        processor = Qwen2VLImageProcessorPil(
            min_pixels=raw["min_pixels"],
            max_pixels=int(notes["image_max_pixels"]),
            image_mean=raw["image_mean"],
            image_std=raw["image_std"],
        )
    else:
        processor = GotOcr2ImageProcessorPil(
            crop_to_patches=True,
            max_patches=int(notes["max_tiles"]),
            size=raw["size"],
            image_mean=raw["image_mean"],
            image_std=raw["image_std"],
        )
    theirs = processor(images=[image], return_tensors="pt")["pixel_values"]
    mine = ours["pixels_1"]
    same = theirs.shape == mine.shape
    levels = (theirs - mine).abs() * max(raw["image_std"]) * 255 if same else torch.tensor([float("nan")])
    report.check(
        "image pixels",
        same and levels.mean() <= 1 and levels.max() <= 3,
        f"{tuple(theirs.shape)}, {levels.mean():.4f} levels of 255 on average, {levels.max():.2f} at most",
    )


def load_original(checkpoint: Path):
    raw = json.loads((checkpoint / "config.json").read_text())
    vision, text = raw["vision_config"], raw["llm_config"]
    text = {k: v for k, v in text.items() if k not in ("rope_scaling", "architectures")}
    side = raw.get("force_image_size", vision["image_size"])
    config = InternVLConfig(
        text_config={**text, "model_type": "qwen2"},
        vision_config={
            **{k: vision[k] for k in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")},
            "layer_norm_eps": vision["layer_norm_eps"],
            "image_size": [side, side],
            "patch_size": [vision["patch_size"]] * 2,
            "attention_bias": vision["qkv_bias"],
            "use_qk_norm": vision["qk_normalization"],
            "norm_type": vision.get("norm_type", "layer_norm"),
            "use_mean_pooling": True,
            "use_absolute_position_embeddings": True,
            "hidden_dropout_prob": 0.0,
        },
        downsample_ratio=raw["downsample_ratio"],
        image_token_id=151667,
        tie_word_embeddings=False,
    )
    config._attn_implementation = "eager"
    model = InternVLForConditionalGeneration(config).float()
    state = {}
    for path in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in file.keys():
                state.update(renamed(name, file.get_tensor(name).float()))
    missing, unexpected = model.load_state_dict(state, strict=False)
    return model, {"missing_keys": missing, "unexpected_keys": unexpected}


RENAMES = [
    (r"^vision_model\.embeddings\.class_embedding", "model.vision_tower.embeddings.cls_token"),
    (r"^vision_model\.embeddings\.position_embedding", "model.vision_tower.embeddings.position_embeddings"),
    (r"^vision_model\.embeddings\.patch_embedding\.", "model.vision_tower.embeddings.patch_embeddings.projection."),
    (r"^vision_model\.encoder\.layers\.", "model.vision_tower.encoder.layer."),
    (r"\.attn\.proj\.", ".attention.projection_layer."),
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
    (r"\.ls1$", ".lambda_1"),
    (r"\.ls2$", ".lambda_2"),
    (r"^mlp1\.0\.", "model.multi_modal_projector.layer_norm."),
    (r"^mlp1\.1\.", "model.multi_modal_projector.linear_1."),
    (r"^mlp1\.3\.", "model.multi_modal_projector.linear_2."),
    (r"^language_model\.lm_head\.", "lm_head."),
    (r"^language_model\.model\.", "model.language_model."),
]


def renamed(name: str, tensor: torch.Tensor) -> dict:
    """As transformers' convert_internvl_weights_to_hf.py: the fused query, key and value are three tensors there."""
    new = name
    for pattern, replacement in RENAMES:
        new = re.sub(pattern, replacement, new)
    if ".attn.qkv." not in new:
        return {new: tensor}
    thirds = tensor.chunk(3)
    return {new.replace(".attn.qkv.", f".attention.{letter}_proj."): third for letter, third in zip("qkv", thirds)}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
