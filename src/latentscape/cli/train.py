"""latentscape train."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from latentscape.cli.options import (
    Data,
    Folder,
    Json,
    Seed,
    Settings,
    latent_of,
    one_of,
    parse_settings,
)
from latentscape.cli.talk import Bar, TrainingBar, give, measure_line, say

MAPS = ("pca", "pacmap", "umap", "tsne")
BetaConvention = Annotated[
    str | None,
    typer.Option(help="How β is written, if not so: half-sum, sum, mean-sum, mean-l1, ..."),
]
Scored = Annotated[str | None, typer.Option(help="bernoulli, gaussian, gaussian-fixed or laplace.")]
Doctor = Annotated[str, typer.Option(help="Of a run that collapses: stop, reweight or off.")]
Maps = Annotated[
    str, typer.Option(help="Its maps: pca, pacmap, umap, tsne; the last two take long.")
]

NumberFormat = Annotated[str, typer.Option("--precision", help="auto, fp32 or bf16.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where it stopped.")]
Report = Annotated[bool, typer.Option(help="Measure, map and report afterwards.")]


def train(
    data: Data,
    recipe: Annotated[str, typer.Option(help="ae, vae, beta_vae, aae, tvae, ...")] = "vae",
    network: Annotated[str, typer.Option(help="tutorial, conv, resnet or mlp.")] = "conv",
    latent_dim: Annotated[str, typer.Option(help="Latent size, or a grid such as 4x8x8.")] = "16",
    epochs: Annotated[int, typer.Option(help="Passes over the training images.")] = 10,
    batch_size: Annotated[int, typer.Option(help="Images a step.")] = 128,
    learning_rate: Annotated[float, typer.Option(help="Adam's step.")] = 1e-3,
    beta: Annotated[float | None, typer.Option(help="Weight of the rate, in ELBO units.")] = None,
    beta_convention: BetaConvention = None,
    likelihood: Scored = None,
    hidden: Annotated[str | None, typer.Option(help="Widths of the mlp, such as 400,200.")] = None,
    binarize: Annotated[bool, typer.Option("--binarize", help="Threshold pixels at .5.")] = False,
    size: Annotated[int | None, typer.Option(help="Side to resize images to.")] = None,
    limit: Annotated[int | None, typer.Option(help="Use at most so many images.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse unfit files and splits.")
    ] = False,
    seed: Seed = 0,
    precision: NumberFormat = "auto",
    device: Device = "auto",
    out: Folder = None,
    resume: Resume = False,
    doctor: Doctor = "stop",
    report: Report = True,
    maps: Maps = "pca,pacmap",
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Train an autoencoder on DATA and leave a run folder with a report."""
    from latentscape.data import DataConfig
    from latentscape.models import LikelihoodName
    from latentscape.models.config import NetworkName
    from latentscape.training import Precision, TrainConfig
    from latentscape.training.config import DoctorMode
    from latentscape.training.hardware import keep_freed_memory

    keep_freed_memory()
    shown = tuple(one_of(name, MAPS, "map") for name in maps.split(",")) if report else ()
    more = parse_settings(settings, TrainConfig, DataConfig)
    kinds = get_args(LikelihoodName)
    config = TrainConfig(
        recipe=recipe.replace("-", "_"),
        network=one_of(network, get_args(NetworkName), "network"),
        latent=latent_of(latent_dim),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        likelihood=one_of(likelihood, kinds, "likelihood") if likelihood else None,
        recipe_options={**({} if beta is None else {"beta": beta}), **more["recipe"]},
        beta_convention=beta_convention,
        network_options={**({} if hidden is None else _widths(hidden)), **more["network"]},
        seed=seed,
        precision=one_of(precision, get_args(Precision), "precision"),
        device=device,
        doctor=one_of(doctor, get_args(DoctorMode), "doctor"),
    )
    images = DataConfig(data, size=size, binarize=binarize, limit=limit, strict=strict, seed=seed)
    config = replace(config, **more["TrainConfig"])
    images = replace(images, **{"seed": config.seed, **more["DataConfig"]})
    _run(images, config, out or default_folder(data, config), resume=resume, maps=shown, json=json)


def _run(
    data: Any, config: Any, out: Path, *, resume: bool, maps: tuple[str, ...], json: bool
) -> None:
    from latentscape.cli.report import write_report
    from latentscape.training.together import is_first_process
    from latentscape.workflows.train import train as train_model

    bar = Bar("images")
    listeners = (TrainingBar(config.epochs),)
    record = train_model(
        data, config, out=out, resume=resume, listeners=listeners, progress=bar, say=say
    )
    if not is_first_process():
        return
    if record.stopped == "interrupted":
        say(f"stopped by Ctrl-C and saved; go on with --resume --out {out}")
        raise typer.Exit(1)
    lines = [measure_line(measure) for measure in record.test]
    lines += _beta_lines(record)
    if maps:
        from latentscape.workflows.tour import tour

        tour(out, maps=maps, say=bar.stage, progress=bar)
        lines.append(f"report                  {write_report(out).path}")
    lines.append(f"run                     {out}")
    give(record, lines, as_json=json)


def _beta_lines(record: Any) -> list[str]:
    """β as it ended: what training began with was said before it."""
    if not record.beta:
        return []
    (unit, value), form = next(iter(record.beta.items())), "mean-SE + β·sum-KL"
    return [f"{'β':<24}{value:>12.3g} {unit}; {record.beta[form]:.3g} as {form}"]


def default_folder(data: str, config: Any) -> Path:
    """``runs/DATA-RECIPE-LATENT-sSEED``."""
    prefix, colon, place = data.partition(":")
    if colon and prefix != "hf":  # a path: `folder:.` has a name too
        stem = Path(place).expanduser().resolve().name or prefix
    else:
        stem = data.rstrip("/").split("/")[-1].split(":")[-1]
    latent = "x".join(str(n) for n in config.latent_shape)
    return Path("runs") / f"{stem}-{config.recipe}-{latent}-s{config.seed}"


def _widths(hidden: str) -> dict[str, list[int]]:
    from latentscape.errors import UsageError

    try:
        return {"hidden": [int(width) for width in hidden.split(",")]}
    except ValueError as error:
        raise UsageError(f"--hidden {hidden} is no list of widths", "such as 400,200") from error
