"""Whether the latents carry anything: the collapse doctor's findings."""

from latentscape.records import CollapseRecord
from latentscape.report.figures import collapse
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, columns, sentences
from latentscape.report.measures_table import rows_table
from latentscape.report.topics import Figure


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables."""
    blocks: list[Html] = []
    for record in contents.of(CollapseRecord):
        prov = record.provenance
        about = ", ".join(filter(None, [prov.data, prov.split]))
        drawn = (
            collapse.ablation(record),
            collapse.unit_rates(record),
            collapse.rate_parts(record),
        )
        blocks += [
            sentences(verdicts(record), class_="verdicts"),
            columns([figure(picture) for picture in drawn if picture]),
            rows_table((record.activity, record.surgery, record.decoder), about=about),
        ]
    return blocks


def verdicts(record: CollapseRecord) -> list[str]:
    """The finding, what it rests on, and the cure where one is needed."""
    sign = {"healthy": "✓ ", "unknown": ""}.get(record.finding, "✗ ")
    found = f"{record.finding[:1].upper()}{record.finding[1:]}"
    lines = [f"{sign}{found}: {record.verdict} ({record.thresholds})."]
    return lines + ([f"Cure: {record.cure}."] if record.cure else [])
