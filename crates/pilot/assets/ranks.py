"""Who this process is among its ranks: from Slurm where it runs under srun, from the environment elsewhere."""
import datetime
import os
import subprocess

import torch
import torch.distributed as dist


def number(*names, default):
    for name in names:
        if os.environ.get(name):
            return int(os.environ[name])
    return default


def join():
    """Joins the group; rank, world size and device. One thread per rank on a CPU, one chip per rank elsewhere."""
    rank = number("RANK", "SLURM_PROCID", default=0)
    world = number("WORLD_SIZE", "SLURM_NTASKS", default=1)
    chips = torch.cuda.is_available()
    if chips:
        local = number("LOCAL_RANK", "SLURM_LOCALID", default=0)
        torch.cuda.set_device(local)
        device = torch.device("cuda", local)
    else:
        torch.set_num_threads(1)
        device = torch.device("cpu")
    if "MASTER_ADDR" not in os.environ:
        nodes = os.environ.get("SLURM_JOB_NODELIST")
        hosts = subprocess.run(["scontrol", "show", "hostnames", nodes], capture_output=True, text=True) if nodes else None
        os.environ["MASTER_ADDR"] = hosts.stdout.split()[0] if hosts and hosts.stdout.split() else "127.0.0.1"
    os.environ.setdefault("MASTER_PORT", "29500")
    dist.init_process_group("nccl" if chips else "gloo", rank=rank, world_size=world, timeout=datetime.timedelta(seconds=60))
    return rank, world, device


def wait(device):
    """Until the chip has finished what was enqueued."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
