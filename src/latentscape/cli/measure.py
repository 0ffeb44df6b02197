"""latentscape measure."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from latentscape.cli.options import (
    Json,
    Model,
    ModelPrecision,
    Out,
    Precision,
    Seed,
    Size,
    SplitName,
    StoreSplit,
    one_of,
    sized,
)
from latentscape.cli.talk import Bar, give, row_lines, warn_if_lost

app = typer.Typer(help="Numbers with unit, direction, interval and baseline.")


@app.callback()
def measure() -> None:
    """Numbers with unit, direction, interval and baseline."""


@app.command()
def reconstruction(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    split: SplitName = "test",
    posterior: Annotated[str, typer.Option(help="mean or sample.")] = "mean",
    measures: Annotated[
        str,
        typer.Option(help="Beside pixels: auto, plain, all, or lpips and chamfer by commas."),
    ] = "auto",
    size: Size = None,
    resize: Annotated[
        str | None, typer.Option(help="How --size is reached: crop, pad or squash.")
    ] = None,
    precision: Precision = "auto",
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Stem of the files to write; of a MODEL that is no run, a folder."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """How well images come back, beside mean image, PCA and JPEG of the same size.

    ``--split all`` has rows for each split too. Of a MODEL that is no run, ``--out FOLDER`` leaves
    record, table of single images, pictures and a page.
    """
    from latentscape.cli.reconstruction_lines import page_of, reconstruction_lines
    from latentscape.metrics.reconstruction import Drawn
    from latentscape.workflows.measure.reconstruction import (
        ReconstructionConfig,
        measure_reconstruction,
    )

    named = sized(data, size, model=model, resize=resize)
    drawn = one_of(posterior, get_args(Drawn), "posterior")
    config = ReconstructionConfig(posterior=drawn, measures=measures)
    record = measure_reconstruction(
        model, named, split=split, config=config, seed=seed, out=out, progress=Bar("measure")
    )
    warn_if_lost(record)
    page = page_of(record)
    give(record, [*reconstruction_lines(record), *page], as_json=json)


@app.command()
def disentanglement(
    model: Model,
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="Images with factors; the run's own if left out."),
    ] = None,
    split: StoreSplit = None,
    repeats: Annotated[int, typer.Option(help="Halves, permutations and rotations, each.")] = 5,
    size: Size = None,
    precision: Precision = "auto",
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Whether single latents follow single known factors: MIG, DCI, SAP and votes."""
    from latentscape.workflows.measure.disentanglement import measure_disentanglement

    named = sized(data, size, model=model)
    record = measure_disentanglement(
        model, named, split=split, repeats=repeats, seed=seed, out=out, progress=Bar("measure")
    )
    rows = (record.row, *((record.rotated,) if record.rotated.measures else ()))
    factors = [
        f"  {row.name} ({row.note}): "
        + ", ".join(f"{measure.name} {measure.value:.3g}" for measure in row.measures)
        for row in record.by_factor
    ]
    lines = [*row_lines(rows), *(["by factor", *factors] if factors else [])]
    warn_if_lost(record)
    give(record, lines, as_json=json)


@app.command()
def collapse(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL|STORE", help="A run folder or other MODEL, or a store."),
    ],
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    split: StoreSplit = None,
    size: Size = None,
    precision: Precision = "auto",
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Whether latents carry anything; if not, why, and the flag that mends it."""
    from latentscape.workflows.measure.collapse import measure_collapse

    named = sized(data, size, model=model)
    record = measure_collapse(
        model, named, split=split, seed=seed, out=out, progress=Bar("measure")
    )
    lines = row_lines((record.activity, record.surgery, record.decoder))
    lines += [f"{form}: β {value:.3g}" for form, value in record.beta.items()]
    lines += [f"{record.finding}: {record.verdict}", f"({record.thresholds})"]
    lines += [f"cure: {record.cure}"] if record.cure else []
    warn_if_lost(record)
    give(record, lines, as_json=json)


@app.command()
def structure(
    thing: Annotated[
        str,
        typer.Argument(metavar="MODEL|STORE", help="A run folder or other MODEL, or a store."),
    ],
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    split: StoreSplit = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Most latents; above, a seeded choice of them.")
    ] = None,
    size: Size = None,
    precision: Precision = "auto",
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """How the space is organised: shape, Gaussianity, prior, dimension, classes and clusters."""
    from latentscape.workflows.measure.structure import measure_structure

    named = sized(data, size, model=thing)
    record = measure_structure(
        thing, named, split=split, limit=limit, seed=seed, out=out, progress=Bar("measure")
    )
    rows = [*record.rows, *(record.classes.rows if record.classes else ())]
    if record.smoothness is not None:
        rows += [record.smoothness.row, *record.smoothness.baselines]
    if record.spatial is not None:
        rows += record.spatial.rows
    warn_if_lost(record)
    give(record, [*row_lines(rows), *record.verdicts], as_json=json)


@app.command()
def generation(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    split: SplitName = "test",
    features: Annotated[
        str | None,
        typer.Option(help="squeezenet, random or pixels; the first that can be had if left out."),
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Images of each kind, at most.")] = 2048,
    scored: Annotated[
        int | None,
        typer.Option(min=1, help="Images whose likelihood is bounded; 100 small ones, 30 larger."),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Posterior draws for each of them.")] = 200,
    size: Size = None,
    precision: Precision = "auto",
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """How good new images are (KID, precision, recall, coverage), and how likely real ones."""
    from latentscape.nn.features import FeatureName
    from latentscape.workflows.measure.generation import GenerationConfig, measure_generation

    named = sized(data, size, model=model)
    config = GenerationConfig(
        features=None if features is None else one_of(features, get_args(FeatureName), "features"),
        n_images=images,
        n_scored=scored,
        n_draws=draws,
    )
    record = measure_generation(
        model, named, split=split, config=config, seed=seed, out=out, progress=Bar("measure")
    )
    told = f"features: {record.features.net}, {record.features.layer}, {record.features.weights}"
    rows = (*record.rows, *record.baselines, record.likelihood)
    warn_if_lost(record)
    give(record, [*row_lines(rows), told], as_json=json)


@app.command()
def trajectories(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    pairs: Annotated[
        str, typer.Option(help="Criteria: same-class,nearest,farthest,random,prior-prior, ...")
    ] = "same-class,different-class,nearest,farthest,random",
    n_pairs: Annotated[int, typer.Option(min=1, help="Pairs of each criterion.")] = 200,
    n_steps: Annotated[int, typer.Option(help="Frames of a trajectory, both ends counted.")] = 10,
    method: Annotated[
        str, typer.Option(help="linear, spherical-centred, lol, graph, ...; several by commas.")
    ] = "linear",
    net: Annotated[
        str | None, typer.Option(help="Style net: vgg19, squeezenet, random-squeezenet, ...")
    ] = None,
    preset: Annotated[str, typer.Option(help="Style loss: gatys, johnson or tutorial.")] = "gatys",
    precision: Annotated[str, typer.Option(help="Of the style net: fast or exact.")] = "fast",
    split: SplitName = "test",
    size: Size = None,
    model_precision: ModelPrecision = "auto",
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Dissolve, cut or morph? Many trajectories, each beside its own cross-dissolve."""
    from latentscape.nn.style_nets import Precision as StylePrecision
    from latentscape.nn.style_nets import StyleNetName
    from latentscape.workflows.measure.trajectories import TravelConfig, measure_trajectories

    named = sized(data, size, model=model)
    configs = [
        TravelConfig(
            pairs=tuple(filter(None, pairs.split(","))),
            n_pairs=n_pairs,
            n_steps=n_steps,
            method=way,
            net=None if net is None else one_of(net, get_args(StyleNetName), "style net"),
            preset=preset,
            precision=one_of(precision, get_args(StylePrecision), "precision"),
        )
        for way in _ways(method, out=out, json=json)
    ]
    for config in configs:
        record = measure_trajectories(
            model, named, config=config, split=split, seed=seed, out=out, progress=Bar("measure")
        )
        told = record.features
        words = f"{config.method}: style {record.preset}, {told.net}, {told.layer}, {told.weights}"
        warn_if_lost(record)
        give(record, [*row_lines(record.rows), words], as_json=json)


def _ways(methods: str, *, out: Out, json: Json) -> tuple[str, ...]:
    """The methods named by commas, each once; several have no one file and no one JSON."""
    from latentscape.errors import UsageError

    ways = tuple(dict.fromkeys(filter(None, methods.split(",")))) or (methods,)
    if out is not None and len(ways) > 1:
        raise UsageError("--out names the files of one way", "leave it out, or give one --method")
    if json and len(ways) > 1:
        raise UsageError("--json prints the record of one way", "give one --method")
    return ways
