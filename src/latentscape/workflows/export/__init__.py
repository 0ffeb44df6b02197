"""Export: a run in a form that other programs read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from latentscape.errors import UsageError, nearest
from latentscape.records import ExportRecord
from latentscape.workflows.export.request import Progress, Request


@dataclass(frozen=True)
class Format:
    """A form to export to.

    Attributes:
        meaning: What is written, in a few words.
        write: Writes it.
        takes_limit: Whether a choice of samples can be written.
    """

    meaning: str
    write: Callable[[Request], ExportRecord]
    takes_limit: bool = False


def _html(request: Request) -> ExportRecord:
    from latentscape.workflows.export.page import write_page

    return write_page(request)


def _onnx(request: Request) -> ExportRecord:
    from latentscape.workflows.export.onnx_pair import write_onnx

    return write_onnx(request)


def _npy(request: Request) -> ExportRecord:
    from latentscape.workflows.export.npy import write_npy

    return write_npy(request)


FORMATS: dict[str, Format] = {
    "html": Format("the explorer as one file that opens offline", _html, takes_limit=True),
    "onnx": Format("encoder.onnx and decoder.onnx", _onnx),
    "npy": Format("the latents of its stores as .npy, their samples as .csv", _npy, True),
}


def export(
    thing: str | Path,
    format: str = "html",
    *,
    out: Path | str | None = None,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ExportRecord:
    """Write a run, a model or a store in a form that other programs read.

    Args:
        thing: A run; for ``onnx`` any MODEL, for ``npy`` also a store.
        format: ``html``, ``onnx`` or ``npy``.
        out: A folder, or of ``html`` the file; ``exports/`` in the run if None.
        limit: Most samples of ``html`` (5,000 if None) and ``npy`` (all if None).
        seed: Of the choice of samples.
        progress: Called with (done, in all, unit).

    Raises:
        UsageError: If the format is unknown, or takes no limit.
        ModelError, StoreError, RunError: If what is exported cannot be read or written.
    """
    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}", nearest(format, FORMATS))
    if limit is not None and not FORMATS[format].takes_limit:
        raise UsageError(f"{format} holds no samples to limit", "leave --limit out")
    if limit is not None and limit < 1:
        raise UsageError(f"{limit} samples are none", "give a limit of at least 1")
    place = None if out is None else Path(out)
    request = Request(str(thing), place, limit, seed, progress)
    return FORMATS[format].write(request)


__all__ = ["FORMATS", "ExportRecord", "Format", "export"]
