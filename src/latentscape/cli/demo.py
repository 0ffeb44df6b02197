"""latentscape demo."""

from pathlib import Path
from typing import Annotated

import typer

from latentscape.cli.options import Json, Seed
from latentscape.cli.talk import Bar, TrainingBar, give


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for its runs.")] = Path("demo"),
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Take bundled digits and sprites through everything, offline; ends with a report."""
    from latentscape.cli.report import write_report
    from latentscape.training.hardware import keep_freed_memory
    from latentscape.workflows.demo import demo as run_demo

    keep_freed_memory()
    bar = Bar("demo")
    record = run_demo(out, seed=seed, say=bar.stage, progress=bar, listen=TrainingBar)
    written = write_report(out)
    give(record, [f"report  {Path(written.path).resolve()}"], as_json=json)
