"""report(folder): pictures and one HTML page from what lies in a run, or in a folder of runs."""

from pathlib import Path

from latentscape.errors import RunError
from latentscape.records import ReportRecord, refusal, replacing
from latentscape.report.canvas import style
from latentscape.report.folder import find_runs, read_contents
from latentscape.report.page import page
from latentscape.report.picture import Picture
from latentscape.report.section import Section

PAGE = "report.html"
FIGURES = "figures"


def report(folder: Path | str) -> ReportRecord:
    """Write figures and ``report.html``.

    Each run's figures go to its own ``figures/NAME.svg`` and ``.png``, those that compare runs to
    the folder's; the page holds everything in one file and needs no network.

    Args:
        folder: A run, or a folder of runs, which are then set beside each other.

    Returns:
        Where the page lies, which runs it holds, its number of figures and its size.

    Raises:
        UsageError: If there is no such folder.
        RunError: If there is no run in it, a run.json is damaged, or nothing can be written.
    """
    folder = Path(folder)
    runs = find_runs(folder)
    alone = len(runs) == 1
    sections = [
        Section(read_contents(run), heading="The run" if alone else run.name) for run in runs
    ]
    with style():
        text, compared = page(folder.resolve().name, sections)
    try:
        for section in sections:
            _save(section.pictures, section.contents.folder / FIGURES)
        _save(compared, folder / FIGURES)
        path = folder / PAGE
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"the report in {folder} could not be written: {refusal(error)}",
            "make room, or allow writing there",
        ) from error
    return ReportRecord(
        path=str(path),
        runs=tuple(section.contents.name for section in sections),
        n_figures=len(compared) + sum(len(section.pictures) for section in sections),
        bytes=path.stat().st_size,
    )


def _save(pictures: list[Picture], folder: Path) -> None:
    if pictures:
        folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        with replacing(folder / f"{picture.words.name}.svg") as temporary:
            temporary.write_text(picture.svg, encoding="utf-8")
        with replacing(folder / f"{picture.words.name}.png") as temporary:
            temporary.write_bytes(picture.png)
