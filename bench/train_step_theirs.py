"""The same step in transformers with fused AdamW: python3 bench/train_step_theirs.py [--tower] [--compile] [--keep] [tokens ...]

Qwen2.5-VL-3B at real size, random bfloat16 weights, SDPA attention, one sample a step (see bench/train-step.mjs). Pure
bfloat16 with moments in bfloat16: less memory and less work in the optimiser than float32 masters.

What an expert adds: --tower computes the tower's windows in one variable-length flash attention call (transformers calls
SDPA once a window); --compile compiles the decoder's layers; --keep keeps activations (no gradient checkpointing).
"""

import argparse
import json
import statistics
import time

import torch
import transformers
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_5_vl import modeling_qwen2_5_vl as modeling

from peer_models import qwen_config

parser = argparse.ArgumentParser()
parser.add_argument("tokens", type=int, nargs="*")
parser.add_argument("--tower", action="store_true")
parser.add_argument("--compile", action="store_true")
parser.add_argument("--keep", action="store_true")
options = parser.parse_args()
lengths = options.tokens or [4058]


def varlen_forward(self, hidden_states, cu_seqlens, rotary_pos_emb=None, position_embeddings=None, **_):
    """The tower's attention with all windows in one call."""
    from torch.nn.attention.varlen import varlen_attn

    n = hidden_states.shape[0]
    q, k, v = self.qkv(hidden_states).reshape(n, 3, self.num_heads, -1).unbind(1)
    cos, sin = position_embeddings
    q, k = modeling.apply_rotary_pos_emb_vision(q, k, cos, sin)
    most = int((cu_seqlens[1:] - cu_seqlens[:-1]).max())
    cu = cu_seqlens.to(torch.int32)
    out = varlen_attn(q.contiguous(), k.contiguous(), v.contiguous(), cu, cu, most, most)
    return self.proj(out.reshape(n, -1))


if options.tower:
    modeling.Qwen2_5_VLVisionAttention.forward = varlen_forward
config = qwen_config("qwen-3b")
torch.manual_seed(0)
torch.set_default_dtype(torch.bfloat16)
with torch.device("cuda"):
    model = Qwen2_5_VLForConditionalGeneration._from_config(config, attn_implementation="sdpa")
torch.set_default_dtype(torch.float32)
model.train()
if not options.keep:
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=dict(use_reentrant=False))
if options.compile:
    for layer in model.model.language_model.layers:
        layer.compile()
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-6, weight_decay=0.1, fused=True)
for tokens in lengths:
    pairs = max(1, round((tokens - 278) / 180))
    ids = list(range(1000, 1020)) + [151652] + [151656] * (pairs * 180) + [151653] + [5000 + 7 * i for i in range(256)]
    labels = [-100] * (len(ids) - 200) + ids[-200:]
    batch = dict(
        input_ids=torch.tensor([ids]).cuda(), labels=torch.tensor([labels]).cuda(),
        attention_mask=torch.ones(1, len(ids), dtype=torch.long).cuda(),
        mm_token_type_ids=torch.tensor([[2 if i == 151656 else 0 for i in ids]]).cuda(),
        pixel_values_videos=torch.randn(pairs * 720, 1176).cuda().bfloat16(),
        video_grid_thw=torch.tensor([[pairs, 20, 36]]).cuda(), second_per_grid_ts=torch.tensor([2.0]),
    )
    times = []
    torch.cuda.reset_peak_memory_stats()
    for step in range(6):
        torch.cuda.synchronize()
        began = time.perf_counter()
        loss = model(**batch, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    seconds = statistics.median(times[3:])
    print(json.dumps(dict(
        transformers=transformers.__version__, torch=torch.__version__, tower=options.tower, compiled=options.compile,
        kept=options.keep, tokens=len(ids), seconds=seconds,
        tokens_per_second=len(ids) / seconds, peak_gib=torch.cuda.max_memory_allocated() / 2**30, loss=loss.item(),
    )), flush=True)
