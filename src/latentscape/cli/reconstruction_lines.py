"""A reconstruction as lines: the model and its baselines, then splits, then films or groups."""

from typing import TYPE_CHECKING

from latentscape.cli.report import write_report
from latentscape.cli.talk import reach, row_lines

if TYPE_CHECKING:
    from latentscape.records import ReconstructionRecord, Row

TOLD = ("mse", "psnr_mean", "ssim_seed", "lpips", "chamfer")
MOST = 12  # films or groups told; the record and the table of single images know more


def reconstruction_lines(record: "ReconstructionRecord") -> list[str]:
    """Everything of the whole, and the first measures of each part."""
    lines = row_lines((record.model_row, *record.baselines))
    made = next((m.interval for m in record.model_row.measures if m.interval), "")
    lines += [f"intervals: {made}"] if made else []
    beside = [row.model_copy(update={"name": f"  {row.name}"}) for row in record.split_baselines]
    rows = []
    for row in record.by_split:
        rows += [row, *(held for held in beside if held.beside == row.name)]
    lines += _table("by split", rows) + _made(record.by_split)
    kind = record.films if record.grouped_by == "film" else record.groups
    shown, n = record.by_group[:MOST], len(set(kind) - {""})
    more = f", {len(shown)} of the {n} with the largest error" if n > MOST else ""
    lines += _table(f"by {record.grouped_by}{more}", list(shown))
    lines += [f"{name}: {words}" for name, words in record.stated.items()]
    return lines


def _made(rows: "tuple[Row, ...]") -> list[str]:
    """How the intervals of each row were made: of few scenes they say nothing of others."""
    found = ((row.name, next((m.interval for m in row.measures if m.interval), "")) for row in rows)
    return [f"  intervals of {name}: {made}" for name, made in found if made]


def page_of(record: "ReconstructionRecord") -> list[str]:
    """Write the report of a folder like a run's that is none, and say where; nothing of a run."""
    if record.saved_at is None or record.saved_at.parent.name != "measures":
        return []
    folder = record.saved_at.parent.parent
    if (folder / "run.json").exists():
        return []
    return [f"{'images':<24}{record.saved_at.with_suffix('.csv')}",
            f"{'page':<24}{write_report(folder).path}"]  # fmt: skip


def _table(title: str, rows: "list[Row]") -> list[str]:
    """A line a row: its images, and each number with its interval."""
    names = [name for name in TOLD if any(m.name == name for row in rows for m in row.measures)]
    if not names:
        return []
    cells = [["", "images", *names], *(_cells(row, names) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return [title, *(f"  {line}" for line in lines)]


def _cells(row: "Row", names: list[str]) -> list[str]:
    found = {measure.name: measure for measure in row.measures}
    texts = [row.name, f"{max(measure.n for measure in row.measures):,}"]
    for name in names:
        m = found.get(name)
        interval = (
            ""
            if m is None or m.low is None or m.high is None
            else f" {reach(m.low, m.high, digits=3)}"
        )
        texts.append("-" if m is None else f"{m.value:.4g}{interval}")
    return texts
