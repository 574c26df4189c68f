"""safetensors in Python: python3 bench/load_speed_theirs.py DIR (see load-speed.mjs)"""

import glob
import os
import sys
import time

import safetensors
import torch
from safetensors.torch import load_file

device = "cuda:0" if torch.cuda.is_available() else "cpu"
files = sorted(glob.glob(os.path.join(sys.argv[1], "*.safetensors")))
size = sum(os.path.getsize(file) for file in files) / 2**30
torch.zeros(1, device=device)
for _ in range(3):
    if device != "cpu":
        torch.cuda.synchronize()
    began = time.perf_counter()
    tensors = {}
    for file in files:
        tensors.update(load_file(file, device=device))
    if device != "cpu":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - began
    print(f"safetensors {safetensors.__version__}, load_file: {seconds:.3f} s, {size / seconds:.2f} GiB/s of {size:.2f} GiB", flush=True)
    del tensors
