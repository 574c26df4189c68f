"""The same in transformers (SDPA): python3 bench/vlm_speed_theirs.py [--size qwen-3b] [--json FILE]

Random bfloat16 weights at real size, prompts and caches as in bench/vlm-speed.mjs. Decoding is the model's own forward in a
plain loop with a DynamicCache and argmax on the device, which is what `generate` does less its bookkeeping.
"""

import argparse
import json
import statistics
import time

import torch
import transformers
from transformers import DynamicCache

from peer_models import SIZES, internvl_config, qwen_config

parser = argparse.ArgumentParser()
parser.add_argument("--size", default="qwen-3b")
parser.add_argument("--visual", type=int, default=0)
parser.add_argument("--batches", default="1,16")
parser.add_argument("--steps", type=int, default=12)
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--json", default=None)
args = parser.parse_args()
device = "cuda" if torch.cuda.is_available() else "cpu"
dtype = torch.bfloat16 if device == "cuda" else torch.float32
qwen = args.size.startswith("qwen")
if qwen:
    from transformers import Qwen2_5_VLForConditionalGeneration as Model

    config = qwen_config(args.size)
else:
    from transformers import InternVLForConditionalGeneration as Model

    config = internvl_config(args.size)
torch.manual_seed(0)
torch.set_default_dtype(dtype)
with torch.device(device):
    model = Model._from_config(config, attn_implementation="sdpa").eval()
torch.set_default_dtype(torch.float32)
results = dict(
    size=args.size, transformers=transformers.__version__, torch=torch.__version__,
    device=torch.cuda.get_device_name() if device == "cuda" else "CPU", parameters=sum(p.numel() for p in model.parameters()),
)


def synchronize():
    if device == "cuda":
        torch.cuda.synchronize()


def timed(body, count):
    times = []
    for i in range(-1, count):
        synchronize()
        began = time.perf_counter()
        body()
        synchronize()
        if i >= 0:
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def say(name, value):
    results[name] = value
    print(f"{name}: {value}", flush=True)


visual = args.visual or (7740 if qwen else 7680)
per = 180 if qwen else 256
count = max(1, round(visual / per))
pad = 151656 if qwen else 151667
ids = list(range(1000, 1020)) + [151652] + [pad] * (count * per) + [151653] + [5000 + 7 * i for i in range(256)]
say("prompt tokens", len(ids))
batch = dict(input_ids=torch.tensor([ids], device=device), attention_mask=torch.ones(1, len(ids), dtype=torch.long, device=device))
if qwen:
    batch.update(
        mm_token_type_ids=torch.tensor([[2 if i == pad else 0 for i in ids]], device=device),
        pixel_values_videos=torch.randn(count * 720, 1176, device=device, dtype=dtype),
        video_grid_thw=torch.tensor([[count, 20, 36]], device=device), second_per_grid_ts=torch.tensor([1.0]),
    )
else:
    batch.update(pixel_values=torch.randn(count, 3, 448, 448, device=device, dtype=dtype))
with torch.no_grad():
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        weights = torch.cuda.memory_allocated()
    say("prefill, ms", timed(lambda: model(**batch, use_cache=True, logits_to_keep=1).logits.argmax(-1).item(), args.repeats))
    if device == "cuda":
        say("prefill peak above weights, GiB", (torch.cuda.max_memory_allocated() - weights) / 2**30)
    for rows in [int(b) for b in args.batches.split(",")]:
        cache = DynamicCache()
        for layer in range(SIZES[args.size]["text"]["num_hidden_layers"]):
            def make():
                return torch.randn(rows, SIZES[args.size]["text"]["num_key_value_heads"], len(ids), 128, device=device, dtype=dtype)
            cache.update(make(), make(), layer)
        token = torch.arange(rows, device=device)[:, None] * 11 + 5000
        def step():
            global token
            past = cache.get_seq_length()
            position = torch.full((3, rows, 1) if qwen else (rows, 1), past, device=device)
            logits = model(input_ids=token, past_key_values=cache, use_cache=True, position_ids=position, logits_to_keep=1).logits
            token = logits[:, -1].argmax(-1, keepdim=True)
        for _ in range(3):
            step()
        synchronize()
        began = time.perf_counter()
        for _ in range(args.steps):
            step()
        synchronize()
        seconds = (time.perf_counter() - began) / args.steps
        say(f"decode, batch {rows}: ms a step", 1000 * seconds)
        say(f"decode, batch {rows}: tokens/s", rows / seconds)
        del cache
        if device == "cuda":
            torch.cuda.empty_cache()
if args.json:
    with open(args.json, "w") as file:
        json.dump(results, file, indent=2)
