"""Options that several verbs share, and ``--set`` for everything that has no option of its own."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from latentscape.errors import UsageError, nearest

if TYPE_CHECKING:
    from latentscape.data import DataConfig

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="digits, sprites, sprites-motion, mnist, fashion-mnist, cifar10, cifar10-gray, "
        "folder:PATH, triplets:PATH, video:PATH, npz:PATH or hf:NAME",
    ),
]
Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A run folder, diffusers:ID-or-FOLDER, onnx:ENCODER,DECODER or "
        "python:MODULE:CALLABLE.",
    ),
]
Size = Annotated[
    int | None,
    typer.Option(min=1, help="Side to bring DATA to, for a model that is no run."),
]


def _run_in(context: typer.Context, precision: str) -> str:
    """While the command runs, models open in that precision."""
    if not context.resilient_parsing:
        from latentscape.models import running_in

        context.with_resource(running_in(precision))
    return precision


PRECISION_HELP = "Of the model: fp32 is exact; auto is bf16 where it is fast, and fp32 for a run."
Precision = Annotated[str, typer.Option("--precision", callback=_run_in, help=PRECISION_HELP)]
ModelPrecision = Annotated[
    str, typer.Option("--model-precision", callback=_run_in, help=PRECISION_HELP)
]
Folder = Annotated[Path | None, typer.Option("--out", help="Folder to write to.")]
Out = Annotated[Path | None, typer.Option("--out", help="Stem of the files to write.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")]
Json = Annotated[bool, typer.Option("--json", help="Print the record and nothing else.")]
SplitName = Annotated[str, typer.Option("--split", help="train, val, test or all.")]
StoreSplit = Annotated[
    str | None,
    typer.Option("--split", help="train, val, test or all; test, or a store's own, if left out."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any other field of TrainConfig or DataConfig, or recipe.KEY, or network.KEY; "
        "may be repeated.",
    ),
]
DataSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any other field of DataConfig, such as frame_step=2; may be repeated.",
    ),
]


def with_settings(
    data: "str | DataConfig | None", pairs: list[str] | None, *, model: str
) -> "str | DataConfig | None":
    """DATA with what ``--set`` changes of it; of a run, by the rule of the run's own images.

    Raises:
        UsageError: If a pair names no field of DataConfig, or there is no DATA to change.
    """
    if not pairs:
        return data
    from latentscape.data import DataConfig

    sorted_ = parse_settings(pairs, DataConfig)
    for room in ("recipe", "network"):
        if sorted_[room]:
            raise UsageError(f"--set {room}.{next(iter(sorted_[room]))} is of training", "leave it")
    return changed(data, sorted_["DataConfig"], model=model)


def changed(
    data: "str | DataConfig | None", settings: dict[str, Any], *, model: str
) -> "str | DataConfig | None":
    """DATA with other fields; of a run, by the rule of the run's own images.

    Raises:
        UsageError: If there is no DATA to change.
    """
    if not settings:
        return data
    from latentscape.data import DataConfig
    from latentscape.models.saved import data_config
    from latentscape.records import RUN_FILE, read_run

    if isinstance(data, DataConfig):
        return replace(data, **settings)
    if (Path(model) / RUN_FILE).exists():
        own = data_config(read_run(Path(model))["data"])
        if data not in (None, own.source):
            own = replace(own, source=data, limit=None)
        return replace(own, **settings)
    if data is None:
        raise UsageError(
            f"--set {next(iter(settings))} is of DATA, and none is named", "name DATA after MODEL"
        )
    return DataConfig(data, **settings)


def sized(
    data: str | None, size: int | None, *, model: str, resize: str | None = None
) -> "str | DataConfig | None":
    """DATA at the size that ``--size`` asks for, by the rule of ``--resize``.

    Raises:
        UsageError: If there is no DATA to bring to it, the model is a run, which has its own, or
            there is no such rule.
    """
    if size is None and resize is None:
        return data
    if size is None:
        raise UsageError(f"--resize {resize} brings images to no size", "give --size too")
    from latentscape.records import RUN_FILE

    if (Path(model) / RUN_FILE).exists():
        raise UsageError(
            f"--size {size}: a run takes images of its own size only", "leave --size out"
        )
    if data is None:
        raise UsageError(f"--size {size} is of DATA, and none is named", "name DATA after MODEL")
    from latentscape.data import DataConfig
    from latentscape.data.image_set import ResizeRule

    if resize is None:
        return DataConfig(data, size=size)
    return DataConfig(data, size=size, resize=one_of(resize, get_args(ResizeRule), "resize rule"))


def parse_settings(pairs: list[str] | None, *configs: type) -> dict[str, dict[str, Any]]:
    """Sort ``KEY=VALUE`` pairs by where they belong.

    Args:
        pairs: As given; a value is JSON where it parses, else a comma makes a list.
        *configs: Dataclasses whose fields may be set.

    Returns:
        A dictionary for each config's name, and for ``recipe`` and ``network``.

    Raises:
        UsageError: If a pair has no ``=``, its key is unknown (the nearest is named), or its value
            does not fit.
    """
    from latentscape.records.fields import fitted

    sorted_: dict[str, dict[str, Any]] = {"recipe": {}, "network": {}}
    homes = {field.name: config for config in configs for field in fields(config)}
    sorted_ |= {config.__name__: {} for config in configs}
    for pair in pairs or ():
        key, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f"--set {pair} has no value", "write it as --set KEY=VALUE")
        room, dot, name = key.partition(".")
        if dot and room in ("recipe", "network"):
            sorted_[room][name] = _value(text)
        elif sum(key in {field.name for field in fields(config)} for config in configs) > 1:
            raise UsageError(
                f"--set {key} would reach only a part of it", f"say --{key} {text} instead"
            )
        elif key in homes:
            sorted_[homes[key].__name__][key] = fitted(homes[key], key, _value(text))
        else:
            raise UsageError(f"there is no setting {key!r}", nearest(key, sorted(homes)))
    return sorted_


def one_of(value: str, known: tuple[str, ...], what: str) -> Any:
    """`value` if it is known.

    Raises:
        UsageError: Naming the nearest.
    """
    if value in known:
        return value
    raise UsageError(f"there is no {what} {value!r}", nearest(value, known))


def latent_of(text: str) -> int | tuple[int, ...]:
    """``16`` as a vector's size, ``4x8x8`` as a grid's shape.

    Raises:
        UsageError: If it is neither.
    """
    try:
        numbers = tuple(int(part) for part in text.lower().replace("×", "x").split("x"))
    except ValueError as error:
        raise UsageError(
            f"--latent-dim {text} is no size", "give a number such as 16, or a grid such as 4x8x8"
        ) from error
    return numbers[0] if len(numbers) == 1 else numbers


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return [_value(part) for part in text.split(",") if part] if "," in text else text
