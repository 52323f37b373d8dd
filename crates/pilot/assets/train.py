"""Trains the decoder data-parallel, or tunes low-rank adapters on top of it; keeps checkpoints and resumes from them.

usage: train.py CONFIG FOLDER [--steps N] [--adapt BASE]

FOLDER holds data.jsonl; the run leaves log.jsonl (a line per step), checkpoint.pt, and served/ at the end.
"""
import argparse
import json
import os
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import model as decoder
import ranks


class Adapter(nn.Module):
    """A linear map with a low-rank addition (LoRA, arXiv 2106.09685): x·Wᵀ + (α/r)·x·Aᵀ·Bᵀ, W frozen."""

    def __init__(self, linear, rank=8, alpha=16.0):
        super().__init__()
        self.linear, self.scale = linear, alpha / rank
        self.down = nn.Parameter(torch.randn(rank, linear.in_features) * linear.in_features**-0.5)
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x):
        return self.linear(x) + (x @ self.down.t() @ self.up.t()) * self.scale

    def merged(self):
        with torch.no_grad():
            self.linear.weight += self.scale * self.up @ self.down
        return self.linear


def adapt(model):
    for p in model.parameters():
        p.requires_grad_(False)
    for layer in model.layers:
        for block in (layer.self_attn, layer.mlp):
            for name, part in list(block.named_children()):
                if isinstance(part, nn.Linear):
                    setattr(block, name, Adapter(part))


def merge(model):
    for layer in model.layers:
        for block in (layer.self_attn, layer.mlp):
            for name, part in list(block.named_children()):
                if isinstance(part, Adapter):
                    setattr(block, name, part.merged())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("folder")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--every", type=int, default=25)
    parser.add_argument("--adapt", metavar="BASE")
    arguments = parser.parse_args()
    began = time.time()
    with open(arguments.config) as file:
        c = json.load(file)
    folder = arguments.folder
    rank, world, device = ranks.join()
    # Whoever tests the restart reads here which process to kill.
    decoder.replace_file(os.path.join(folder, f"rank{rank}.pid"), lambda f: f.write(str(os.getpid()).encode()))
    torch.manual_seed(7)
    model = decoder.Decoder(c).to(device)
    if arguments.adapt:
        model.load_state_dict(torch.load(arguments.adapt, map_location=device)["model"])
        adapt(model)
    free = [p for p in model.parameters() if p.requires_grad]
    peak = 4e-3 if arguments.adapt else 2e-3
    update = torch.optim.AdamW(free, lr=peak, betas=(0.9, 0.95), weight_decay=0.01)
    checkpoint = os.path.join(folder, "checkpoint.pt")
    first, reading = 0, 0.0
    if os.path.exists(checkpoint):
        start = time.perf_counter()
        state = torch.load(checkpoint, map_location=device)
        model.load_state_dict(state["model"])
        update.load_state_dict(state["update"])
        first, reading = state["step"], time.perf_counter() - start
    wrapped = DistributedDataParallel(model) if world > 1 else model
    with open(os.path.join(folder, "data.jsonl")) as file:
        data = [tuple(json.loads(line)) for line in file]
    rows = c["micro_batch"]
    log = open(os.path.join(folder, "log.jsonl"), "a", buffering=1) if rank == 0 else None
    say = lambda **what: log and log.write(json.dumps(what) + "\n")
    say(event="start", time=time.time(), began=began, step=first, world=world, reading_s=reading)
    for step in range(first, arguments.steps):
        start = time.perf_counter()
        at = (step * rows * world + rank * rows) % (len(data) - rows)
        tokens, targets = decoder.batch(data[at : at + rows], c["sequence"])
        loss = decoder.loss_of(wrapped, tokens.to(device), targets.to(device))
        update.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(free, 1.0)
        for group in update.param_groups:
            group["lr"] = peak * min(1.0, (step + 1) / 20) * (1.0 - step / (1.1 * arguments.steps))
        update.step()
        ranks.wait(device)
        took, writing = time.perf_counter() - start, 0.0
        if rank == 0 and ((step + 1) % arguments.every == 0 or step + 1 == arguments.steps):
            start = time.perf_counter()
            state = {"model": model.state_dict(), "update": update.state_dict(), "step": step + 1}
            decoder.replace_file(checkpoint, lambda f: torch.save(state, f))
            writing = time.perf_counter() - start
        say(event="step", step=step + 1, step_s=took, loss=float(loss), writing_s=writing)
    if rank == 0:
        merge(model)
        decoder.save_served(model.eval().cpu(), os.path.join(folder, "served"))
        say(event="end", time=time.time(), step=arguments.steps)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
