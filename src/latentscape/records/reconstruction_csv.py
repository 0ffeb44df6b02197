"""Reconstruction measures of single images as a tidy table, for a spreadsheet or a data frame."""

import csv
from pathlib import Path

import numpy as np

from latentscape.errors import RunError
from latentscape.records.record import refusal, replacing
from latentscape.records.results import ReconstructionRecord


def write_images_csv(record: ReconstructionRecord, path: Path) -> None:
    """Write a line an image, atomically, UTF-8, with a head.

    Columns are ``sample_id``; ``split``, ``film`` and ``group`` where they are known; and the
    measures, in the units of the record. A cell is empty where an image has no such number.

    Raises:
        RunError: If it cannot be written; nothing is left half-written.
    """
    known = {
        "sample_id": record.sample_ids,
        "split": record.splits,
        "film": record.films,
        "group": record.groups,
    }
    columns = {name: list(words) for name, words in known.items() if len(words)}
    for name, values in record.per_image.items():
        texts = np.char.mod("%.9g", np.asarray(values, np.float64))
        columns[name] = np.where(np.isnan(values), "", texts).tolist()
    try:
        with (
            replacing(path) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
    except OSError as error:
        raise RunError(
            f"{path} could not be written: {refusal(error)}",
            "make room, or write elsewhere with --out",
        ) from error
