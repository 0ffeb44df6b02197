"""A model of diffusers in two halves, each with its own weights. Here alone it is imported."""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

from latentscape.errors import ModelError, UsageError
from latentscape.models.diffusers.families import Family
from latentscape.models.diffusers.files import Files
from latentscape.models.parts import in_parts

THERE, BACK = ("encoder", "quant_conv"), ("decoder", "post_quant_conv", "quantize", "bn")


class There(nn.Module):
    """Images in the model's own range to the posterior's parameters, side by side on axis 1."""

    def __init__(self, model: nn.Module, family: Family):
        super().__init__()
        self.model = _without(model, BACK)
        self.family = family

    def forward(self, images: Tensor) -> Tensor:
        """``batch channels height width`` to ``batch parameters height width``."""
        return in_parts(self._of, images, values_a_row=images[:1].numel())

    def _of(self, images: Tensor) -> Tensor:
        images = images[:, :, None] if self.family.takes == "videos" else images
        made = _parameters(self.model.encode(images), self.family)  # pyright: ignore[reportCallIssue]
        return made[:, :, 0] if self.family.takes == "videos" else made


class Back(nn.Module):
    """Latents to images in the model's own range."""

    def __init__(self, model: nn.Module, family: Family, *, pixels_a_cell: float):
        super().__init__()
        self.model = _without(model, THERE)
        self.family = family
        self.pixels_a_cell = pixels_a_cell

    def forward(self, latents: Tensor) -> Tensor:
        """``batch *latent`` to ``batch channels height width``."""
        values = math.prod(latents.shape[2:]) * self.pixels_a_cell
        return in_parts(self._of, latents, values_a_row=values)

    def _of(self, latents: Tensor) -> Tensor:
        latents = latents[:, :, None] if self.family.takes == "videos" else latents
        decode: Any = self.model.decode
        images = decode(latents, **self.family.words).sample
        return images[:, :, 0] if self.family.takes == "videos" else images


def load(files: Files) -> nn.Module:
    """The model itself, fp32, in eval mode.

    Raises:
        ModelError: If the weights are damaged, or are not those of config.json.
    """
    import diffusers
    from diffusers.utils import logging

    if files.is_pickle:
        _require_plain(files)
    kind = files.config["_class_name"]
    build = getattr(diffusers, kind, None)
    if build is None:
        raise ModelError(
            f"diffusers {diffusers.__version__} has no {kind}", "install a later version of it"
        )
    level = logging.get_verbosity()
    logging.set_verbosity_error()  # what it would say of keys is said below
    try:
        with _as_written_now(files) as (folder, variant):
            model, found = build.from_pretrained(
                folder, variant=variant, use_safetensors=not files.is_pickle,
                torch_dtype=torch.float32, low_cpu_mem_usage=False, local_files_only=True,
                output_loading_info=True,
            )  # fmt: skip
    except Exception as error:  # whatever its many readers raise
        first = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"{files.folder} cannot be read as {kind}: {first}", "fetch or save it again"
        ) from error
    finally:
        logging.set_verbosity(level)
    if found["missing_keys"]:
        some = ", ".join(sorted(found["missing_keys"])[:3])
        raise ModelError(
            f"the weights in {files.folder} are not those of its config.json: {some} is missing",
            "fetch or save it again",
        )
    for part in model.modules():
        if isinstance(part, nn.GroupNorm):
            part.register_forward_pre_hook(_rows_by_channel)
    return model.eval()


@contextmanager
def _as_written_now(files: Files) -> Iterator[tuple[Path, str | None]]:
    """Folder and variant, to be read by diffusers.

    An index whose name says the variant first is of its earlier versions; the library warns of it,
    and misses it in folders with a point in their path: such a model is laid out anew, by links.
    """
    index = files.listing
    if index is None or files.variant is None or not index.name.endswith(".index.json"):
        yield files.folder, files.variant
        return
    plain = index.name.replace(f".{files.variant}.index", ".index")
    with TemporaryDirectory() as place:
        there = {path.name: path for path in (files.folder / "config.json", *files.weights)}
        for name, path in {**there, plain: index}.items():
            (Path(place) / name).symlink_to(path.resolve())
        yield Path(place), None


def _rows_by_channel(_: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Attention hands on its output channels last, of which torch knows no forward derivative."""
    return given if torch.is_inference_mode_enabled() else (given[0].contiguous(), *given[1:])


def _require_plain(files: Files) -> None:
    """Check that pickles hold tensors and nothing that runs."""
    for path in files.weights:
        try:
            torch.load(path, weights_only=True, map_location="cpu", mmap=True)
        except UnpicklingError as error:
            raise ModelError(
                f"{path} is a pickle of more than tensors, which can run any code when opened",
                "use the model's safetensors, or convert it where you trust it",
            ) from error
        except (RuntimeError, OSError, ValueError, EOFError) as error:
            raise ModelError(f"{path} is damaged", "fetch or save it again") from error


def set_options(model: Any, *, tiling: int | None, slicing: bool, step: int) -> None:
    """Tiling by tiles of that side (0: the model's own), and slicing.

    Raises:
        UsageError: If the model has no tiling, or the side does not fit it.
    """
    if slicing and hasattr(model, "enable_slicing"):
        model.enable_slicing()
    if tiling is None:
        return
    kind = type(model).__name__
    tiled = [name for name in vars(model) if name.startswith("tile_")]
    if not tiled or (kind == "AutoencoderTiny" and (model.config.latent_channels, step) != (4, 8)):
        raise UsageError(f"{kind} of this shape has no tiling", "leave tiling out")
    model.enable_tiling()
    if not tiling:
        return
    if tiling % (4 * step):
        near = max(1, round(tiling / (4 * step))) * 4 * step
        raise UsageError(
            f"tiling={tiling}: tiles of this model are multiples of {4 * step} pixels",
            f"tiling={near} would do",
        )
    sides = {
        "sample_min_size": tiling, "latent_min_size": tiling // step,
        "sample_min_height": tiling, "sample_min_width": tiling,
        "latent_min_height": tiling // step, "latent_min_width": tiling // step,
        "sample_stride_height": tiling * 3 // 4, "sample_stride_width": tiling * 3 // 4,
    }  # fmt: skip
    for name, side in sides.items():
        if hasattr(model, f"tile_{name}"):
            setattr(model, f"tile_{name}", side)


def _without(model: nn.Module, parts: tuple[str, ...]) -> nn.Module:
    """The same model less some of its parts: neither half carries the other's weights.

    They stay as plain attributes: some classes count layers of both sides before each pass.
    """
    half = copy.copy(model)
    half._modules = {name: part for name, part in model._modules.items() if name not in parts}
    half.__dict__ |= {name: part for name, part in model._modules.items() if name in parts}
    if parts == BACK:  # the model's own buffers go with its decoder
        half.__dict__ |= {**model._buffers, "_buffers": {}}
    return half


def _parameters(answer: Any, family: Family) -> Tensor:
    """What `encode` answered, as one tensor: the mean, or mean and log variance."""
    spread = getattr(answer, "latent_dist", None)
    if spread is None:
        return answer.latents if hasattr(answer, "latents") else answer.latent
    if family.posterior == "point":
        return spread.mode()
    return torch.cat([spread.mean, spread.logvar], 1)
