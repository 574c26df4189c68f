"""Python's side of bench/dispatch.mjs: a case's name per line in, nanoseconds per call out."""
import platform
import sys
from time import perf_counter_ns

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
small = [torch.randn(2, 2), torch.randn(2, 2)]
middle = [torch.randn(64, 64), torch.randn(64, 64)]
x, w, b = torch.randn(8, 64), torch.randn(64, 64), torch.randn(64)

tokens, width, heads = 16, 64, 4
h = torch.randn(1, tokens, width)
norm1 = [torch.randn(width), torch.randn(width)]
qkv_w = [torch.randn(3 * width, width), torch.randn(3 * width)]
out = [torch.randn(width, width), torch.randn(width)]
norm2 = [torch.randn(width), torch.randn(width)]
up = [torch.randn(4 * width, width), torch.randn(4 * width)]
down = [torch.randn(width, 4 * width), torch.randn(width)]


def block(x):
    normed = F.layer_norm(x, [width], norm1[0], norm1[1])
    qkv = F.linear(normed, qkv_w[0], qkv_w[1]).view(1, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
    q, k, v = qkv.unbind(0)
    mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(1, tokens, width)
    hidden = x + F.linear(mixed, out[0], out[1])
    second = F.layer_norm(hidden, [width], norm2[0], norm2[1])
    return hidden + F.linear(F.gelu(F.linear(second, up[0], up[1])), down[0], down[1])


def add_small():
    p, q = small
    for _ in range(100):
        p + q


def add_middle():
    p, q = middle
    for _ in range(100):
        p + q


def linears():
    f = F.linear
    for _ in range(100):
        f(x, w, b)


CASES = {
    "add_2x2": (add_small, 100, 200),
    "add_2x2_scope_each": (add_small, 100, 200),
    "add_64x64": (add_middle, 100, 150),
    "linear": (linears, 100, 80),
    "attention": (lambda: block(h), 1, 150),
}


def measure(run, calls, times):
    for _ in range(times // 10):
        run()
    start = perf_counter_ns()
    for _ in range(times):
        run()
    return (perf_counter_ns() - start) / (times * calls)


print(f"torch {torch.__version__} in Python {platform.python_version()}", flush=True)
for line in sys.stdin:
    with torch.no_grad():
        print(measure(*CASES[line.strip()]), flush=True)
