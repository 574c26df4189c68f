#!/usr/bin/env python3
"""Compares a checkpoint that MotionEnhancer saved with what transformers makes of it. Not run by CI.

    node scripts/check-transformers.mjs CHECKPOINT VIDEO OUT.safetensors
    python3 scripts/check-transformers.py CHECKPOINT OUT.safetensors

Needs torch, transformers >= 5 and safetensors. Exit code 1 when a number is off.
"""

import json
import sys

import torch
from safetensors import safe_open
from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration

# Float32 on both sides: only the order of sums differs.
TOLERANCE = 2e-4


def main(checkpoint: str, ours: str) -> int:
    with safe_open(ours, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        notes = file.metadata()
    model, report = Qwen2_5_VLForConditionalGeneration.from_pretrained(
        checkpoint, dtype=torch.float32, output_loading_info=True, attn_implementation="sdpa"
    )
    model.eval()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    failed = 0

    def check(name: str, ok: bool, detail: str) -> None:
        nonlocal failed
        failed += not ok
        print(f"{'ok' if ok else 'FAILED':8}{name:32}{detail}")

    def close(name: str, mine: torch.Tensor, theirs: torch.Tensor) -> None:
        mine, theirs = mine.float().reshape(-1), theirs.float().reshape(-1)
        same = mine.shape == theirs.shape
        off = (mine - theirs).abs().max().item() if same else float("nan")
        check(name, same and off <= TOLERANCE * theirs.abs().max().item(), f"max |difference| {off:.3g} of {theirs.abs().max().item():.3g}")

    strange = {key: sorted(report[key]) for key in ("missing_keys", "unexpected_keys", "mismatched_keys") if report[key]}
    check("weights", not strange, json.dumps(strange) if strange else "none missing, none unexpected")
    theirs = tokenizer(notes["text"], add_special_tokens=False)["input_ids"]
    check("text tokens", theirs == tensors["text_ids"].tolist(), f"{len(theirs)} tokens")
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": [{"type": "video"}, {"type": "text", "text": "What moves in this video?"}]}],
        tokenize=False,
        add_generation_prompt=True,
    )
    check("chat template", chat == notes["chat"], f"{len(chat)} characters")

    with torch.no_grad():
        close("text logits", tensors["text_logits"], model(input_ids=tensors["text_ids"][None]).logits)
        ids = tensors["video_ids"][None]
        types = torch.zeros_like(ids)
        types[ids == model.config.image_token_id] = 1
        types[ids == model.config.video_token_id] = 2
        grid = tensors["video_grid"][None]
        seconds = torch.tensor([float(notes["second_per_grid"])])
        positions, _ = model.model.get_rope_index(
            input_ids=ids, mm_token_type_ids=types, video_grid_thw=grid, second_per_grid_ts=seconds
        )
        check(
            "video positions",
            torch.equal(positions, tensors["video_positions"]),
            f"{ids.shape[1]} tokens, grid {grid[0].tolist()}",
        )
        out = model(
            input_ids=ids,
            pixel_values_videos=tensors["video_patches"],
            video_grid_thw=grid,
            second_per_grid_ts=seconds,
            mm_token_type_ids=types,
            position_ids=positions,
        )
        close("video logits", tensors["video_logits"], out.logits)
        agree = (tensors["video_logits"].argmax(-1).reshape(-1) == out.logits.argmax(-1).reshape(-1)).float().mean().item()
        check("video argmax", agree == 1, f"{100 * agree:.1f} % of positions agree")
    print(f"{failed} failed" if failed else "all equal")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
