"""report(folder): pictures and one HTML page from what lies in a run, or in a folder of runs."""

from pathlib import Path

from latentscape.errors import RunError
from latentscape.records import ComparisonRecord, ReportRecord, refusal, replacing
from latentscape.report.canvas import style
from latentscape.report.folder import RunContents, find_runs, read_contents
from latentscape.report.page import comparison_page, page
from latentscape.report.picture import Picture
from latentscape.report.section import Section

PAGE = "report.html"
FIGURES = "figures"
COMPARISON = "comparison.json"


def report(folder: Path | str) -> ReportRecord:
    """Write figures and ``report.html``, or the page of a comparison.

    Each run's figures go to its own ``figures/NAME.svg`` and ``.png``, those that compare runs to
    the folder's; the page holds everything in one file and needs no network.

    Args:
        folder: A run; a folder of runs, which are then set beside each other; a folder of records
            of a model that is no run; or a folder that `compare` wrote, whose page is
            ``comparison.html``.

    Returns:
        Where the page lies, which runs it holds, its number of figures and its size.

    Raises:
        UsageError: If there is no such folder.
        RunError: If there is no run and no record in it, a run.json is damaged, or nothing can be
            written.
    """
    folder = Path(folder)
    if folder.is_file() and folder.suffix == ".json":
        return write_comparison(folder.parent)
    if (folder / COMPARISON).exists() and not (folder / "run.json").exists():
        return write_comparison(folder)
    runs = find_runs(folder)
    alone = len(runs) == 1
    found = [read_contents(run) for run in runs]
    sections = [
        Section(contents, heading=_heading(contents, alone=alone), is_folded=not alone)
        for contents in found
    ]
    with style():
        text, compared = page(folder.resolve().name, sections)
    own = [(section.pictures, section.contents.folder / FIGURES) for section in sections]
    path = folder / PAGE
    _write(path, text, [*own, (compared, folder / FIGURES)])
    return ReportRecord(
        path=str(path),
        runs=tuple(section.contents.name for section in sections),
        n_figures=len(compared) + sum(len(section.pictures) for section in sections),
        bytes=path.stat().st_size,
    )


def write_comparison(folder: Path) -> ReportRecord:
    """Write the page of a comparison that lies in `folder`, with its figures.

    Numbers are the record's own; pictures are drawn from the runs' folders as they are now.

    Raises:
        UsageError: If one of its runs is gone.
        RunError: If there is no comparison, a run.json is damaged, or nothing can be written.
    """
    record = ComparisonRecord.load(folder / COMPARISON)
    contents = {run.name: read_contents((folder / run.folder).resolve()) for run in record.runs}
    with style():
        text, pictures = comparison_page(record, contents)
    path = folder / "comparison.html"
    _write(path, text, [(pictures, folder / FIGURES)])
    return ReportRecord(
        path=str(path),
        runs=tuple(contents),
        n_figures=len(pictures),
        bytes=path.stat().st_size,
    )


def _heading(contents: RunContents, *, alone: bool) -> str:
    if not alone:
        return contents.name
    return "The run" if contents.is_run else contents.provenance.model


def _write(path: Path, text: str, figures: list[tuple[list[Picture], Path]]) -> None:
    try:
        for pictures, room in figures:
            _save(pictures, room)
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"the page {path} could not be written: {refusal(error)}",
            "make room, or allow writing there",
        ) from error


def _save(pictures: list[Picture], folder: Path) -> None:
    if pictures:
        folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        with replacing(folder / f"{picture.words.name}.svg") as temporary:
            temporary.write_text(picture.svg, encoding="utf-8")
        with replacing(folder / f"{picture.words.name}.png") as temporary:
            temporary.write_bytes(picture.png)
