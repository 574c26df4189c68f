"""The public script of diffusers for DDIM inversion, on the shapes of prior-real-size.mjs: as it is, and with the maps of
the stream with the text materialised head by head and accumulated. Transformer only, random weights made on the GPU.

  python bench/prior_script.py --diffusers DIR --json FILE     DIR: diffusers' package and cogvideox_ddim_inversion.py
"""
import argparse, importlib.util, json, os, statistics, sys, time, types

p = argparse.ArgumentParser()
p.add_argument("--diffusers", required=True)
p.add_argument("--json", required=True)
p.add_argument("--repeats", type=int, default=2)
p.add_argument("--layers", type=int, default=42)
p.add_argument("--heads", type=int, default=48)
p.add_argument("--latents", default="14,60,90")
p.add_argument("--device", default="cuda")
a = p.parse_args()
sys.path.insert(0, a.diffusers)

import torch

import importlib.machinery, importlib.metadata
if importlib.util.find_spec("importlib_metadata") is None:
    sys.modules["importlib_metadata"] = importlib.metadata
import transformers
import diffusers
# What the script imports for reading videos, and this bench does not use.
for package, names in (("decord", ["decord"]), ("torchvision", ["torchvision", "torchvision.transforms"])):
    if importlib.util.find_spec(package) is None:
        for name in names:
            sys.modules[name] = module = types.ModuleType(name)
            module.__path__ = []
            if "." in name: setattr(sys.modules[package], name.split(".")[1], module)

spec = importlib.util.spec_from_file_location("script", os.path.join(a.diffusers, "cogvideox_ddim_inversion.py"))
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
from diffusers import CogVideoXDDIMScheduler, CogVideoXTransformer3DModel, DDIMInverseScheduler

cuda = a.device == "cuda"
dtype = torch.bfloat16
torch.manual_seed(0)
torch.set_default_dtype(dtype)
with torch.device(a.device):
    transformer = CogVideoXTransformer3DModel(
        num_attention_heads=a.heads, attention_head_dim=64, in_channels=16, out_channels=16, num_layers=a.layers,
        patch_size=2, patch_size_t=2, patch_bias=False, text_embed_dim=4096, time_embed_dim=512,
        max_text_seq_length=226, sample_height=300, sample_width=300, sample_frames=81,
        use_rotary_positional_embeddings=True, use_learned_positional_embeddings=False, ofs_embed_dim=None,
    ).eval().requires_grad_(False)
torch.set_default_dtype(torch.float32)
scheduler = CogVideoXDDIMScheduler(
    num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
    set_alpha_to_one=True, steps_offset=0, prediction_type="v_prediction", rescale_betas_zero_snr=True,
    snr_shift_scale=1.0, timestep_spacing="trailing")
embeds = {name: torch.randn(1, 226, 4096, device=a.device, dtype=dtype) for name in ("text", "empty")}


class Bar:
    def __enter__(self): return self
    def __exit__(self, *_): return None
    def update(self): return None


class Pipe(script.CogVideoXPipelineForDDIMInversion):
    """The script's loop over fixed embeddings: no tokenizer, text encoder or VAE."""

    def __init__(self):
        self.__dict__.update(transformer=transformer, scheduler=scheduler, vae_scale_factor_spatial=8,
                             inverse_scheduler=DDIMInverseScheduler(**scheduler.config))

    config = types.SimpleNamespace()
    _execution_device = property(lambda self: torch.device(a.device))
    def encode_prompt(self, prompt, negative, guided, device=None):
        return (embeds["text"] if prompt else embeds["empty"]), embeds["empty"]
    def progress_bar(self, total): return Bar()
    def maybe_free_model_hooks(self): return None


maps = {}


class Materialised(script.CogVideoXAttnProcessor2_0ForDDIMInversion):
    """The way an attention map is usually had: softmax(q kT) of the row with the text, head by head, added up."""

    def calculate_attention(self, query, key, value, attn, batch_size, image_seq_length, text_seq_length,
                            attention_mask, image_rotary_emb):
        out = super().calculate_attention(query, key, value, attn, batch_size, image_seq_length, text_seq_length,
                                          attention_mask, image_rotary_emb)
        if key.size(1) == query.size(1):
            return out
        n = query.size(1)
        split = lambda x: x[1, :n].view(n, attn.heads, -1).transpose(0, 1)[None]
        q, k = attn.norm_q(split(query)), attn.norm_k(split(key))
        q[:, :, text_seq_length:] = script.apply_rotary_emb(q[:, :, text_seq_length:], image_rotary_emb)
        k[:, :, text_seq_length:] = script.apply_rotary_emb(k[:, :, text_seq_length:], image_rotary_emb)
        if "sum" not in maps:
            maps["sum"] = torch.zeros(attn.heads, n, n, device=q.device, dtype=torch.float32)
        for head in range(attn.heads):
            scores = (q[0, head] @ k[0, head].T).float() * q.size(-1) ** -0.5
            maps["sum"][head] += scores.softmax(-1)
        return out


pipe = Pipe()
f, h, w = map(int, a.latents.split(","))
x0 = torch.randn(1, f, 16, h, w, device=a.device, dtype=dtype)


def clip():
    sync = torch.cuda.synchronize if cuda else (lambda: None)
    sync()
    began = time.perf_counter()
    inverse = pipe.sample(latents=x0, scheduler=pipe.inverse_scheduler, prompt="", num_inference_steps=5, guidance_scale=6)
    sync()
    middle = time.perf_counter()
    with script.OverrideAttnProcessors(transformer=transformer):
        out = pipe.sample(latents=torch.randn_like(x0), scheduler=pipe.scheduler, prompt="words", num_inference_steps=5,
                          guidance_scale=6, reference_latents=reversed(inverse))
    sync()
    ended = time.perf_counter()
    assert torch.isfinite(out[-1].float()).all()
    return middle - began, ended - middle


plain = script.CogVideoXAttnProcessor2_0ForDDIMInversion
results = []
with torch.no_grad():
    for name, processor in (("public script", plain), ("public script, maps materialised", Materialised)):
        script.CogVideoXAttnProcessor2_0ForDDIMInversion = processor
        clip()
        if cuda: torch.cuda.reset_peak_memory_stats()
        runs = [clip() for _ in range(a.repeats)]
        results.append(dict(name=name, inversion=statistics.median(r[0] for r in runs),
                            seconds=statistics.median(sum(r) for r in runs),
                            peak=torch.cuda.max_memory_allocated() / 2**30 if cuda else 0))
        assert bool(maps) == (processor is Materialised)
        if maps: assert abs(maps["sum"].sum(-1).mean().item() - round(maps["sum"].sum(-1).mean().item())) < 1e-2
        maps.clear()
        print(results[-1], file=sys.stderr, flush=True)
json.dump(dict(rows=results, torch=torch.__version__, diffusers=diffusers.__version__), open(a.json, "w"))
