"""latentscape finetune."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from latentscape.cli.options import (
    Folder,
    Json,
    Model,
    Seed,
    Settings,
    Size,
    changed,
    one_of,
    parse_settings,
    sized,
)
from latentscape.cli.talk import Bar, TrainingBar, give, reach, row_lines, say
from latentscape.cli.train import (
    MAPS,
    BetaConvention,
    Device,
    Doctor,
    Maps,
    NumberFormat,
    Report,
    Resume,
    Scored,
)


def finetune(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    train: Annotated[str, typer.Option(help="The decoder, or all weights.")] = "decoder",
    recipe: Annotated[str | None, typer.Option(help="The base's own if left out.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training images.")] = 10,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a step.")] = 8,
    learning_rate: Annotated[
        float | None, typer.Option(help="1e-4 of a decoder, 1e-5 of all, if left out.")
    ] = None,
    beta: Annotated[float | None, typer.Option(help="Weight of the rate, in ELBO units.")] = None,
    beta_convention: BetaConvention = None,
    likelihood: Scored = None,
    perceptual: Annotated[
        float | None, typer.Option(min=0, help="Weight of LPIPS beside the mean squared error.")
    ] = None,
    adversarial: Annotated[
        float, typer.Option(min=0, help="Weight of a discriminator of patches; 0 for none.")
    ] = 0.0,
    equivariance: Annotated[
        str, typer.Option(help="Moves that the decoder must follow: scale, shift, rotation.")
    ] = "",
    hold: Annotated[
        str, typer.Option(help="What of the base's is held: nothing, sigma or rate.")
    ] = "nothing",
    ema: Annotated[
        float | None, typer.Option(help="Decay of the running mean of weights: .999, say.")
    ] = None,
    size: Size = None,
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
    """Train a model further on DATA and leave a run folder that tells it before and after.

    latentscape finetune runs/x triplets:clips --train decoder --out runs/x-decoder

    latentscape finetune runs/x triplets:clips --train all --recipe sigma_vae --out runs/x-all
    """
    from latentscape.models import LikelihoodName
    from latentscape.training.config import Trained
    from latentscape.training.finetuning import FinetuneConfig, Held
    from latentscape.training.hardware import keep_freed_memory

    keep_freed_memory()
    shown = tuple(one_of(name, MAPS, "map") for name in maps.split(",")) if report else ()
    of_data, more = _settled(settings, precision=precision, device=device, doctor=doctor)
    kinds = get_args(LikelihoodName)
    config = FinetuneConfig(
        train=one_of(train, get_args(Trained), "part to train"),
        recipe=None if recipe is None else recipe.replace("-", "_"),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        beta=beta,
        beta_convention=beta_convention,
        likelihood=one_of(likelihood, kinds, "likelihood") if likelihood else None,
        perceptual=perceptual,
        adversarial=adversarial,
        equivariance=tuple(filter(None, equivariance.split(","))),
        hold=one_of(hold, get_args(Held), "thing to hold"),
        ema=ema,
        seed=seed,
        more=more,
    )
    named = changed(sized(data, size, model=model), of_data, model=model)
    place = out or Path("runs") / f"{_plain(model)}-{train}"
    _run((model, named), config, place, resume=resume, maps=shown, json=json)


def _settled(
    settings: list[str] | None, *, precision: str, device: str, doctor: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``--set`` and three options ask of the data, and of the training."""
    from latentscape.data import DataConfig
    from latentscape.errors import UsageError
    from latentscape.training import Precision, TrainConfig
    from latentscape.training.config import DoctorMode

    asked = parse_settings(settings, TrainConfig, DataConfig)
    if asked["network"]:
        raise UsageError(
            f"--set network.{next(iter(asked['network']))} is of another network than the base's",
            "leave it out: fine-tuning keeps the networks",
        )
    return asked["DataConfig"], {
        "precision": one_of(precision, get_args(Precision), "precision"),
        "device": device,
        "doctor": one_of(doctor, get_args(DoctorMode), "doctor"),
        **asked["TrainConfig"],
        "recipe_options": asked["recipe"],
    }


def _plain(model: str) -> str:
    """A model's words as a folder's name: ``python:nets.py:make`` is ``nets-make``."""
    scheme, colon, rest = model.partition(":")
    places = (rest if colon else scheme).split(",")[0].split(":")
    return "-".join(Path(place).name.removesuffix(".py").removesuffix(".onnx") for place in places)


def _run(
    words: tuple[str, Any],
    config: Any,
    out: Path,
    *,
    resume: bool,
    maps: tuple[str, ...],
    json: bool,
) -> None:
    from latentscape.errors import TrainingError
    from latentscape.training.together import is_first_process
    from latentscape.workflows.finetune import finetune as finetune_model

    listeners = (TrainingBar(config.epochs),)
    try:
        record = finetune_model(
            *words, config, out=out, resume=resume, listeners=listeners, say=say
        )
    except TrainingError:
        if is_first_process() and (out / "measures" / "finetuning.json").exists():
            say(f"what became of it is kept: {_page(out, maps) or out}")
        raise
    if not is_first_process():
        return
    if record is None:
        say(f"stopped by Ctrl-C and saved; go on with --resume --out {out}")
        raise typer.Exit(1)
    page = _page(out, maps)
    lines = _side_lines(record) + row_lines((record.drift,)) + _difference_lines(record)
    lines += [record.verdict, *([f"cure: {record.cure}"] if record.cure else [])]
    lines += [f"report                  {page}"] if page else []
    lines.append(f"run                     {out}")
    give(record, lines, as_json=json)


def _page(out: Path, maps: tuple[str, ...]) -> Path | None:
    """The report, measures and maps made before; None where none is asked for."""
    if not maps:
        return None
    from latentscape.cli.report import write_report
    from latentscape.workflows.tour import tour

    bar = Bar("images")
    tour(out, maps=maps, say=bar.stage, progress=bar)
    return Path(write_report(out).path)


def _side_lines(record: Any) -> list[str]:
    """Before and after; of two likelihoods without what is summed under them."""
    from latentscape.records.side_by_side import OF_ONE_LIKELIHOOD

    was, now = record.likelihoods
    if was == now:
        return row_lines((record.before, record.after))
    rows, out = [], []
    for row in (record.before, record.after):
        out += [m.name for m in row.measures if m.name in OF_ONE_LIKELIHOOD]
        kept = tuple(m for m in row.measures if m.name not in OF_ONE_LIKELIHOOD)
        rows.append(row.model_copy(update={"measures": kept}))
    names = ", ".join(dict.fromkeys(out))
    told = f"left out, as likelihoods do not compare ({was} before, {now} after): {names}"
    return [*row_lines(rows), *([told] if names else [])]


def _difference_lines(record: Any) -> list[str]:
    """After less before with how the intervals were made; plain numbers where there are none."""
    if record.differences:
        made = f"  intervals: {record.differences[0].interval}"
        return ["after less before", *map(_difference_line, record.differences), made]
    from latentscape.records.side_by_side import OF_ONE_LIKELIHOOD

    now = {measure.name: measure for measure in record.after.measures}
    is_one = len(set(record.likelihoods)) == 1
    apart = [
        (m, now[m.name].value - m.value)
        for m in record.before.measures
        if m.name in now and (is_one or m.name not in OF_ONE_LIKELIHOOD)
    ]
    plain = [f"  {m.name:<24}{value:>+12.5g} {m.unit}".rstrip() for m, value in apart]
    return ["after less before, without intervals: too few images", *plain]


def _difference_line(difference: Any) -> str:
    if difference.value == difference.low == difference.high == 0:
        return f"  {difference.name:<24}   unchanged"
    unit = f" {difference.unit}" if difference.unit else ""
    between = reach(difference.low, difference.high, sign="+")
    words = f"  {difference.name:<24}{difference.value:>+12.5g}{unit:<20}{between:<24}"
    return f"{words}{difference.verdict}"
