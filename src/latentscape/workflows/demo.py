"""Demo: digits and sprites, AE and VAE, 2 and 16 latents, through everything there is."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from latentscape.data import DataConfig
from latentscape.errors import UsageError
from latentscape.records import DemoRecord, RunRecord
from latentscape.training import TrainConfig
from latentscape.training.loop import Listener
from latentscape.workflows.opening import Progress, Say, unheard
from latentscape.workflows.tour import QUICK_MEASURES, tour
from latentscape.workflows.train import train


@dataclass(frozen=True)
class Stop:
    """One set of images on the demo's tour, and how its models are trained."""

    data: DataConfig
    config: TrainConfig


STOPS = (
    Stop(
        DataConfig("digits", test_fraction=0.25, val_fraction=0.1),
        TrainConfig(network="mlp", epochs=30, batch_size=32, network_options={"hidden": [256]}),
    ),
    Stop(
        DataConfig("sprites", size=32, limit=3000),
        TrainConfig(
            network="conv",
            epochs=12,
            batch_size=64,
            learning_rate=2e-3,
            network_options={"widths": [16, 32, 64]},
        ),
    ),
)
RECIPES = ("ae", "vae")
LATENTS = (2, 16)
ALL_MAPS = ("pca", "pacmap", "umap", "tsne")
QUICK_MAPS = ("pca", "pacmap")


def demo(
    out: Path | str = "demo",
    *,
    seed: int = 0,
    say: Say | None = None,
    progress: Progress | None = None,
    listen: Callable[[int], Listener] | None = None,
) -> DemoRecord:
    """Train AE and VAE with 2 and 16 latents on digits and sprites, and tour each run.

    Every map method is shown on the VAEs with 16 latents, the quick ones on the AEs; two latents
    are shown as they are.

    Args:
        out: Folder of the runs; a finished run in it is kept, so that a broken demo goes on.
        seed: Of everything.
        say: Told what is being done.
        progress: Told how far the slow parts are.
        listen: Makes what hears each training, given its number of epochs.
    """
    folder, started, say = Path(out), time.monotonic(), say or unheard
    if folder.is_file():
        raise UsageError(f"{folder} is a file, not a folder for the demo", "choose another --out")
    runs: list[RunRecord] = []
    for stop in STOPS:
        for recipe in RECIPES:
            for latent in LATENTS:
                name = f"{stop.data.source}-{recipe}-{latent}"
                say(f"{folder / name}: training")
                config = replace(stop.config, recipe=recipe, latent=latent, seed=seed)
                data = replace(stop.data, seed=seed)
                heard = () if listen is None else (listen(config.epochs),)
                runs.append(train(data, config, out=folder / name, resume=True, listeners=heard))
                if runs[-1].stopped == "interrupted":
                    raise KeyboardInterrupt
                maps = {("vae", 16): ALL_MAPS, ("ae", 16): QUICK_MAPS}
                tour(
                    folder / name,
                    maps=maps.get((recipe, latent), ()),
                    limit=1500,
                    measures=(*QUICK_MEASURES, "generation") if latent == 16 else QUICK_MEASURES,
                    say=say,
                    progress=progress,
                )
    return DemoRecord(folder=str(folder), runs=tuple(runs), seconds=time.monotonic() - started)
