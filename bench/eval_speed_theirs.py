"""The same questions in a plain transformers loop: python3 bench/eval_speed_theirs.py [--data DIR] [--size qwen-3b]

Qwen2.5-VL-3B at real size, random bfloat16 weights, SDPA. Reads what bench/eval-speed.mjs wrote: frames (PNG files where
Pillow is there, else raw bytes) and prompts as tokens, so that tokenizing costs nothing here. Three ways:
  loop      one question after another, the usual script: frames read, resized, cut into patches, generate
  prepared  the same with the patches of every video on the GPU already: what the model alone takes
  batched   prepared, several questions a call, padded on the left
"""

import argparse
import json
import os
import statistics
import time

import torch
import transformers
from transformers import Qwen2_5_VLForConditionalGeneration

from peer_models import qwen_config

parser = argparse.ArgumentParser()
parser.add_argument("--data", default="/tmp/eval-speed")
parser.add_argument("--size", default="qwen-3b")
parser.add_argument("--questions", type=int, default=24)
parser.add_argument("--tokens", type=int, default=16)
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--json", default=None)
args = parser.parse_args()
device = "cuda" if torch.cuda.is_available() else "cpu"
dtype = torch.bfloat16 if device == "cuda" else torch.float32
config = qwen_config(args.size)
torch.manual_seed(0)
torch.set_default_dtype(dtype)
with torch.device(device):
    model = Qwen2_5_VLForConditionalGeneration._from_config(config, attn_implementation="sdpa").eval()
torch.set_default_dtype(torch.float32)
try:
    from PIL import Image
    import numpy
except ImportError:
    Image = None

with open(os.path.join(args.data, "prompts.json")) as file:
    data = json.load(file)
WIDTH, HEIGHT = data["width"], data["height"]
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1) * 255
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1) * 255


def read(paths):
    """uint8 [n, 3, h, w]"""
    if Image:
        return torch.stack([torch.from_numpy(numpy.array(Image.open(p).convert("RGB"))) for p in paths]).permute(0, 3, 1, 2)
    raw = torch.frombuffer(bytearray(open(os.path.join(os.path.dirname(paths[0]), "frames.rgb"), "rb").read()), dtype=torch.uint8)
    return raw.view(len(paths), HEIGHT, WIDTH, 3).permute(0, 3, 1, 2)


def patches(frames, grid):
    """As transformers' processor: resize (bicubic, antialias, uint8), normalise, cut."""
    t, h, w = grid
    frames = torch.nn.functional.interpolate(frames.contiguous(), (h * 14, w * 14), mode="bicubic", antialias=True)
    x = (frames.float() - MEAN) / STD
    if len(x) % 2:
        x = torch.cat([x, x[-1:]])
    x = x.reshape(t, 2, 3, h // 2, 2, 14, w // 2, 2, 14).permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
    return x.reshape(t * h * w, 1176)


def inputs(rows, pixels):
    longest = max(len(r["ids"]) for r in rows)
    pad = lambda ids, value: [value] * (longest - len(ids)) + ids
    return dict(
        input_ids=torch.tensor([pad(r["ids"], 151643) for r in rows], device=device),
        attention_mask=torch.tensor([pad([1] * len(r["ids"]), 0) for r in rows], device=device),
        mm_token_type_ids=torch.tensor([pad([2 if i == 151656 else 0 for i in r["ids"]], 0) for r in rows], device=device),
        pixel_values_videos=torch.cat(pixels).to(device, dtype),
        video_grid_thw=torch.tensor([r["grid"] for r in rows], device=device),
        second_per_grid_ts=torch.tensor([1.0] * len(rows)),
    )


def generate(rows, pixels):
    batch = inputs(rows, pixels)
    with torch.no_grad():
        out = model.generate(
            **batch, max_new_tokens=args.tokens, min_new_tokens=args.tokens, do_sample=False, use_cache=True,
            eos_token_id=None, pad_token_id=151643,
        )
    new = out[:, batch["input_ids"].shape[1]:].tolist()
    assert all(len(n) == args.tokens for n in new), [len(n) for n in new]
    return new


def synchronize():
    if device == "cuda":
        torch.cuda.synchronize()


questions = data["prompts"][: args.questions]
results = dict(
    transformers=transformers.__version__, torch=torch.__version__,
    device=torch.cuda.get_device_name() if device == "cuda" else "CPU", pillow=bool(Image), questions=len(questions),
)


def timed(name, body, count):
    synchronize()
    began = time.perf_counter()
    body()
    synchronize()
    seconds = time.perf_counter() - began
    results[name] = dict(questions=count, seconds=seconds, questions_per_second=count / seconds)
    print(name, json.dumps(results[name]), flush=True)


for row in questions[:2]:
    generate([row], [patches(read(row["frames"]), row["grid"])])


def loop():
    for row in questions:
        generate([row], [patches(read(row["frames"]), row["grid"])])


ready = {}
for row in data["prompts"]:
    key = row["frames"][0]
    if key not in ready:
        ready[key] = patches(read(row["frames"]), row["grid"]).to(device, dtype)


def prepared():
    for row in questions:
        generate([row], [ready[row["frames"][0]]])


def batched():
    many = data["prompts"][: 4 * args.batch]
    for i in range(0, len(many), args.batch):
        rows = many[i : i + args.batch]
        generate(rows, [ready[r["frames"][0]] for r in rows])


def tried(name, body, count):
    try:
        timed(name, body, count)
    except Exception as error:  # one way that fails must not lose the others
        import traceback

        traceback.print_exc()
        results[name] = dict(error=repr(error))


tried("loop", loop, len(questions))
tried("prepared", prepared, len(questions))
tried("batched", batched, min(4 * args.batch, len(data["prompts"])))
if args.json:
    with open(args.json, "w") as file:
        json.dump(results, file, indent=2)
