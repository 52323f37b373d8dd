"""Characterises one chip of this machine with the kernels that training will run; prints JSON.

usage: measure.py CONFIG [--ranks N] [--rounds R] [--folder F]

All ranks measure at the same time, as they will compute at the same time. Each figure is the median over rounds, with the
smallest and the largest beside it.
"""
import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F

import model as decoder
import ranks


def timed(device, work, least=0.25):
    """Seconds of one call, from as many calls as fill `least` seconds."""
    work()
    ranks.wait(device)
    calls, start = 0, time.perf_counter()
    while True:
        work()
        calls += 1
        if device.type == "cpu" or calls % 16 == 0:
            ranks.wait(device)
            passed = time.perf_counter() - start
            if passed >= least:
                return passed / calls


def product(device, m, n, k):
    a, b = torch.randn(m, k, device=device), torch.randn(k, n, device=device)
    return 2.0 * m * n * k / timed(device, lambda: a @ b)


def both_ways(output, inputs):
    torch.autograd.grad(output.sum(), inputs)


def layer_products(device, tokens, c):
    """FLOP/s over the products of one layer, forward and backward, in the sizes of the model."""
    wide = c["head_dim"] * c["heads"]
    narrow = c["head_dim"] * c["kv_heads"]
    shapes = [(c["hidden"], wide), (c["hidden"], narrow), (c["hidden"], narrow), (wide, c["hidden"]),
              (c["hidden"], c["ffn"]), (c["hidden"], c["ffn"]), (c["ffn"], c["hidden"])]
    pairs = [(torch.randn(tokens, i, device=device, requires_grad=True), torch.randn(o, i, device=device, requires_grad=True))
             for i, o in shapes]

    def work():
        for x, w in pairs:
            both_ways(F.linear(x, w), (x, w))

    return 6.0 * tokens * sum(i * o for i, o in shapes) / timed(device, work)


def elementwise(device, rows, length, c):
    """Seconds of all of a layer but its products, forward and backward."""
    h, heads, kv, d, ffn = c["hidden"], c["heads"], c["kv_heads"], c["head_dim"], c["ffn"]
    new = lambda *shape: torch.randn(*shape, device=device, requires_grad=True)
    norm = decoder.Norm(h).to(device)
    x, y, q, k = new(rows, length, h), new(rows, length, h), new(rows, heads, length, d), new(rows, kv, length, d)
    gate, up = new(rows, length, ffn), new(rows, length, ffn)
    cos, sin = torch.randn(length, d, device=device), torch.randn(length, d, device=device)

    def work():
        parts = [norm(x), norm(y), x + y, y + x, decoder.rotate(q, cos, sin), decoder.rotate(k, cos, sin), F.silu(gate) * up]
        both_ways(sum(p.sum() for p in parts), (x, y, q, k, gate, up))

    return timed(device, work)


def attention(device, rows, length, c):
    """Seconds of scores, softmax and values, forward and backward."""
    heads, d = c["heads"], c["head_dim"]
    q, k, v = (torch.randn(rows, heads, length, d, device=device, requires_grad=True) for _ in range(3))
    mask = torch.full((length, length), float("-inf"), device=device).triu(1)

    def work():
        scores = (q @ k.transpose(-1, -2)) / d**0.5 + mask
        both_ways((scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, length, -1), (q, k, v))

    return timed(device, work)


def optimizer(device, c):
    """Seconds of one clipped AdamW update, and the parameters it updates."""
    model = decoder.Decoder(c).to(device)
    update = torch.optim.AdamW(model.parameters(), lr=1e-6)
    for p in model.parameters():
        p.grad = torch.randn_like(p)

    def work():
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        update.step()

    return timed(device, work), sum(p.numel() for p in model.parameters())


def copied(device):
    """Bytes read and written per second by a copy that no cache holds."""
    n = 64 << 20 if device.type == "cuda" else 16 << 20
    a = torch.zeros(n, device=device)
    b = torch.empty_like(a)
    return 2.0 * 4.0 * n / timed(device, lambda: b.copy_(a))


def reduced(device, numbers):
    """Seconds of an all-reduce of that many four-byte numbers."""
    x = torch.ones(numbers, device=device)
    return timed_together(device, lambda: dist.all_reduce(x))


def timed_together(device, work, calls=10):
    work()
    dist.barrier()
    start = time.perf_counter()
    for _ in range(calls):
        work()
    ranks.wait(device)
    return (time.perf_counter() - start) / calls


def memory():
    if torch.cuda.is_available():
        return torch.cuda.get_device_properties(0).total_memory
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def chip_name():
    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def written(folder):
    """Bytes per second of a checkpoint-sized file written and flushed to disk."""
    block = os.urandom(1 << 20)
    path = os.path.join(folder, f"measure{os.getpid()}.tmp")
    start = time.perf_counter()
    with open(path, "wb") as file:
        for _ in range(24):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    rate = 24 * len(block) / (time.perf_counter() - start)
    os.remove(path)
    return rate


def one_rank(c, rounds, folder):
    rank, world, device = ranks.join()
    # From the start of the process to the joined group: what every job pays before its first step.
    joined = time.time() - float(os.environ.get("MEASURE_STARTED", time.time()))
    length, rows = c["sequence"], c["micro_batch"]
    tokens = length * rows
    parameters = 0
    sizes = [1024, 65536, 1 << 20, 4 << 20]
    figures = {}
    for _ in range(rounds):
        update, parameters = optimizer(device, c)
        found = {
            "peak_flops": product(device, 1024, 1024, 1024),
            "layer_flops": layer_products(device, tokens, c),
            "copy_bytes_per_s": copied(device),
            "elementwise_s": elementwise(device, rows, length, c),
            "attention_s": attention(device, rows, length, c),
            "optimizer_s": update,
            "launch_s": joined,
            "write_bytes_per_s": written(folder),
        }
        for n in sizes:
            found[f"all_reduce_{4 * n}_s"] = reduced(device, n) if world > 1 else 0.0
        for name, value in found.items():
            figures.setdefault(name, []).append(value)
        dist.barrier()
    everyone = [None] * world
    dist.all_gather_object(everyone, figures)
    if rank == 0:
        middle = {}
        for name in figures:
            values = sorted(v for one in everyone for v in one[name])
            middle[name] = {"value": values[len(values) // 2], "low": values[0], "high": values[-1]}
        print(json.dumps({
            "chip": chip_name(), "device": device.type, "engine": f"torch {torch.__version__}", "ranks": world,
            "rounds": rounds, "memory_bytes": memory() // (1 if device.type == "cuda" else world),
            "parameters": parameters, "figures": middle,
        }))
    dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=".", help="where checkpoints would go")
    arguments = parser.parse_args()
    with open(arguments.config) as file:
        c = json.load(file)
    if "RANK" in os.environ or "SLURM_PROCID" in os.environ:
        one_rank(c, arguments.rounds, arguments.folder)
        return
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [sys.executable, __file__, arguments.config, "--rounds", str(arguments.rounds), "--folder", arguments.folder]
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(arguments.ranks),
             "MEASURE_STARTED": str(time.time())}
    started = [subprocess.Popen(command, env={**os.environ, **place, "RANK": str(r), "LOCAL_RANK": str(r)})
               for r in range(arguments.ranks)]
    codes = [p.wait() for p in started]
    sys.exit(max(abs(code) for code in codes))


if __name__ == "__main__":
    main()
