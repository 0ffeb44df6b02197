"""Several processes that train one model: what torchrun started, and what they must agree on.

Weights and optimisers are alike in all of them, for each gradient is their mean. The rest is the
first process's: it validates for all, so that no two disagree on when to stop, and it alone writes.
"""

import os
from dataclasses import replace

import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.rank_zero import rank_zero_only
from torch import Tensor

from latentscape.training.config import TrainConfig


def as_launched(config: TrainConfig) -> TrainConfig:
    """The config with as many devices and nodes as torchrun has started processes for."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return config
    here, everywhere = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
    return replace(config, devices=here, n_nodes=everywhere // here)


def is_first_process() -> bool:
    """Whether this process is the one that writes and talks; true where there is only one."""
    return getattr(rank_zero_only, "rank", 0) == 0


def any_of(fabric: Fabric, *wishes: bool) -> tuple[bool, ...]:
    """Each wish granted to all where one process has it; every process must ask at once."""
    if fabric.world_size == 1:
        return wishes
    votes = torch.tensor(wishes, dtype=torch.float32, device=fabric.device)
    counted = fabric.all_reduce(votes, reduce_op="sum")
    assert isinstance(counted, Tensor)
    return tuple(bool(count > 0) for count in counted.tolist())


def from_all(fabric: Fabric, values: Tensor) -> list[Tensor]:
    """One tensor of each process, by rank, on the CPU; every process must ask at once."""
    if fabric.world_size == 1:
        return [values.cpu()]
    mine = values.to(fabric.device)
    gathered = [torch.empty_like(mine) for _ in range(fabric.world_size)]
    torch.distributed.all_gather(gathered, mine)
    return [one.cpu() for one in gathered]
