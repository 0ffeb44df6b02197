"""What fine-tuning changed: reconstruction, rate, units, and where the latents are now."""

from latentscape.records import Difference, FineTuneRecord, Measure
from latentscape.records.side_by_side import OF_ONE_LIKELIHOOD
from latentscape.report.cells import heading, value
from latentscape.report.figures import finetuning
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, columns, joined, sentences, table, tag
from latentscape.report.measures_table import rows_table
from latentscape.report.topics import Figure
from latentscape.report.words import SIGNS, number


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables."""
    blocks: list[Html] = []
    for record in contents.of(FineTuneRecord):
        prov = record.provenance
        about = ", ".join(filter(None, [prov.data, prov.split]))
        drawn = [finetuning.images(record), finetuning.by_channel(record)]
        blocks += [
            sentences(verdicts(record), class_="verdicts"),
            sides(record, about=about),
            columns([figure(picture) for picture in drawn if picture]),
            rows_table((record.drift,), about=about),
        ]
    return blocks


def verdicts(record: FineTuneRecord) -> list[str]:
    """What was trained and how it ended, in sentences."""
    what = "the decoder of" if record.trained == "decoder" else "all weights of"
    terms = " + ".join(record.objective)
    kept = " The encoder is as it was, and every latent with it." * (record.trained == "decoder")
    is_well = record.verdict.startswith("healthy") and record.stopped != "collapsed"
    ended = f"{record.verdict[:1].upper()}{record.verdict[1:]}."
    lines = [
        f"Trained: {what} {record.base}, by {terms}.{kept}",
        changed(record),
        f"{'✓' if is_well else '✗'} {ended}",
    ]
    return [*lines, *([f"Cure: {record.cure}."] if record.cure else [])]


def changed(record: FineTuneRecord) -> str:
    """What changed most to the point: sharpness, rate, units, place of the latents."""
    found = {measure.name: measure for measure in record.drift.measures}
    said = [
        f"PSNR {signed(d.value)} dB ({d.verdict})"
        for d in record.differences
        if d.name == "psnr_mean"
    ]
    if "rate_kept" in found:
        share = 100 * (found["rate_kept"].value - 1)
        said.append(f"rate {signed(share)} %" if share else "rate unchanged")
    lost = f"{number(found['units_lost'].value)} of {int(record.active_before.sum()):,}"
    said.append(f"{lost} active units lost")
    if "latent_drift" in found and found["latent_drift"].value:
        drift = found["latent_drift"]
        noise = "" if drift.reference is None else f", noise {number(drift.reference.value)}"
        said.append(f"latents moved by {number(drift.value)} of their spread{noise}")
    return f"{'; '.join(said)}."


def sides(record: FineTuneRecord, *, about: str) -> Html:
    """Each measure before and after, and what the same images say of the difference."""
    now = {measure.name: measure for measure in record.after.measures}
    apart = {difference.name: difference for difference in record.differences}
    is_one = len(set(record.likelihoods)) == 1
    lines = [
        [heading(old), value(old), value(now[old.name]), _apart(old, now[old.name], apart),
         SIGNS[old.better]]
        for old in record.before.measures
        if old.name in now and (is_one or old.name not in OF_ONE_LIKELIHOOD)
    ]  # fmt: skip
    head = ["measure", "before", "after", "after less before", "better side"]
    made = next((d.interval for d in record.differences), "")
    notes = [f"Differences: {made}."] if made else []
    if not is_one:
        was, now_is = record.likelihoods
        notes.append(f"Likelihoods do not compare: {was} before, {now_is} after.")
    told = table(head, lines, about=f"Before and after, {about}", marked=2)
    return joined([told, tag("p", " ".join(notes), class_="small") if notes else Html("")])


def _apart(old: Measure, now: Measure, apart: dict[str, Difference]) -> Html | str:
    """The difference, its interval and what that says; only the number where images have none."""
    found = apart.get(old.name)
    if found is None:
        return signed(now.value - old.value)
    if found.value == found.low == found.high == 0:
        return "unchanged"
    between = f"{signed(found.low)} to {signed(found.high)}"
    return joined(
        [
            tag("span", signed(found.value)),
            tag("span", between, class_="interval"),
            tag("span", found.verdict, class_="unit"),
        ]
    )


def signed(value: float) -> str:
    """A number with its sign, nought without."""
    return f"+{number(value)}" if value > 0 else number(value)
