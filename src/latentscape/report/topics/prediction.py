"""Middle frames predicted from both ends: a table of all ways, beside what costs less."""

from collections.abc import Sequence
from pathlib import Path

from latentscape.records import Measure, Row
from latentscape.records.prediction import MotionThird, PredictionRecord
from latentscape.report import markup
from latentscape.report.cells import value
from latentscape.report.figures.prediction import best_of, prediction_pictures
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, columns, folded, joined, sentences, table, tag
from latentscape.report.picture import small_print
from latentscape.report.topics import Figure
from latentscape.report.verdict import find
from latentscape.report.words import SIGNS, interval, label, number

MEASURES = (
    *("latent_skill", "blurred_skill", "latent_r2", "psnr_mean", "ssim_std", "lpips"),
    *("motion_skill", "motion_skill_decoded", "motion_skill_lpips"),
)
OF_THIRDS = ("latent_skill", "blurred_skill", "psnr_mean", "motion_skill")
BLURRED = "blurred-linear"
ARROWS = {better: SIGNS[better][0] for better in ("higher", "lower")} | {"neither": ""}
LARGEST_FILM = 3_500_000  # bytes


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables."""
    blocks: list[Html] = []
    for stem, record in contents.records:
        if not isinstance(record, PredictionRecord):
            continue
        prov = record.provenance
        about = ", ".join(filter(None, [prov.data, prov.split]))
        rows = _ordered(record.baselines, record.rows)
        pictures = [figure(picture) for picture in prediction_pictures(record)]
        blocks += [
            sentences([_verdict(record)], class_="verdicts"),
            sentences([Html(tag("b", "Note: ") + tag("span", line)) for line in record.warnings],
                      class_="warnings"),
            columns([*pictures, *_film(contents.folder / "motion" / f"{stem}.gif", record)]),
            _ways(rows, MEASURES, about=f"Middle frames by every way: {about}"),
            _undefined(rows),
            *(_third(third, about) for third in record.by_motion),
            _fits(record),
            _meanings(record, rows),
        ]  # fmt: skip
    return blocks


def _verdict(record: PredictionRecord) -> str:
    """Whether the predictor that validation chose beats the line on shots never seen."""
    if not record.rows:
        return "No predictor was fitted."
    n, noun = record.n_shots, record.grouped_by
    shots = f"{n:,} test {noun}{'' if n == 1 else 's'} that no predictor has seen"
    if not record.is_validated:
        return (
            "Which predictor validation would choose is not known: this older record does not say "
            f"how they err on the validation triplets. Predict again to judge it on {shots}."
        )
    best = best_of(record)
    if best is None:
        return (
            f"No predictor beats the midpoint on the validation triplets: linear it is, on {shots}."
        )
    skill = find(best, "latent_skill")
    if skill is None:
        return "Skill over the midpoint is not defined on these triplets."
    does, of = ("takes away", "of") if skill.value > 0 else ("adds", "to")
    told = f"On {shots}, {best.name}, chosen on validation triplets, {does} {_percent(skill)} {of} "
    told += "the midpoint's error"
    if skill.low is None or skill.high is None:
        return f"{told}. {n:,} test {noun}{'' if n == 1 else 's'}: no interval."
    if skill.high < 0:
        return f"{told}: worse than linear."
    if skill.low <= 0:
        return f"{told}: not told apart from linear."
    return f"{told}: better than linear{_shrinking(best)}."


def _percent(skill: Measure) -> str:
    """How much of the midpoint's error goes, or comes on top of it, with its interval."""
    sign = 100 if skill.value > 0 else -100
    share = f"{sign * skill.value:.3g} %"
    if skill.low is None or skill.high is None:
        return share
    low, high = sorted((sign * skill.low, sign * skill.high))
    return f"{share} ({low:.3g} to {high:.3g} %)".replace("-", "−")


def _shrinking(best: Row) -> str:
    """Whether what was gained is more than a blur gains, where there is a blur."""
    beyond, missing = find(best, "blurred_skill"), {u.name for u in best.undefined}
    if beyond is not None and beyond.low is not None and beyond.low > 0:
        return f", and beyond shrinking (skill over the best blur {interval(beyond)})"
    if beyond is None and best.name != BLURRED and "blurred_skill" not in missing:
        return ""
    return ", by shrinking only: it is not told apart from a blur of the midpoint"


def _ordered(baselines: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    """All ways, the ceiling last."""
    held = [row for row in baselines if row.name != "ceiling"]
    return [*held, *rows, *(row for row in baselines if row.name == "ceiling")]


def _ways(rows: Sequence[Row], names: Sequence[str], *, about: str) -> Html:
    """A line a way, a column a measure."""
    told = {m.name: m for row in rows for m in row.measures}
    names = [name for name in names if name in told]
    head: list[str | Html] = ["way"]
    for name in names:
        sign = ARROWS[told[name].better]  # alone: columns are many
        small = tag("span", f"{told[name].unit} {sign}".strip(), class_="unit")
        head.append(joined([tag("span", label(name)), small]))
    lines = []
    for row in rows:
        held = {m.name: m for m in row.measures}
        lines.append([row.name, *(value(held[n]) if n in held else "–" for n in names)])
    return table(head, lines, about=f"{about}; arrows point to the better side")


def _third(third: MotionThird, about: str) -> Html:
    rows = _ordered(third.baselines, third.rows)
    n = next((m.n for row in rows for m in row.measures), 0)
    moves = f"{n:,} triplets, {number(third.least)} to {number(third.most)} pixels of mean flow"
    title = f"{third.name[:1].upper()}{third.name[1:]}"
    return folded(title, moves, _ways(rows, OF_THIRDS, about=f"{title}: {about}"))


def _fits(record: PredictionRecord) -> Html:
    lines = [
        [fit.name, fit.words, f"{fit.n_parameters:,}", f"{number(fit.seconds)} s"]
        for fit in record.fits
    ]
    lines += [[left.name, f"does not apply: {left.why}", "–", "–"] for left in record.left_out]
    counts = ", ".join(f"{n:,} {split}" for split, n in record.n_triplets.items())
    head = ["predictor", "what was found", "numbers fitted", "time"]
    return folded("How they were fitted", f"triplets: {counts}", table(head, lines, about="Fits"))


def _undefined(rows: Sequence[Row]) -> Html:
    """Each reason once, with the measures it holds for."""
    why: dict[str, list[str]] = {}
    for row in rows:
        for missing in row.undefined:
            names = why.setdefault(missing.why, [])
            names += [] if label(missing.name) in names else [label(missing.name)]
    lines = [tag("li", tag("b", ", ".join(n)), f": not defined, {w}") for w, n in why.items()]
    return tag("ul", *lines, class_="small") if lines else Html("")


def _meanings(record: PredictionRecord, rows: Sequence[Row]) -> Html:
    lines = [tag("li", tag("b", row.name), f": {row.note}") for row in rows if row.note]
    meant = {m.name: m for row in rows for m in row.measures if m.name in MEASURES}
    lines += [tag("li", tag("b", label(m.name)), f": {m.note}.") for m in meant.values()]
    lines.append(tag("li", tag("b", "Intervals"), f": {record.resampled}."))
    if record.perceptual:
        lines.append(tag("li", tag("b", "LPIPS"), f": {record.perceptual}."))
    return tag("details", tag("summary", "What each way and measure means"), tag("ul", *lines))


def _film(path: Path, record: PredictionRecord) -> list[Html]:
    """The film beside the record, where there is one that a page can carry."""
    if not path.is_file() or path.stat().st_size > LARGEST_FILM:
        return []
    read = (
        "Triplets of one test scene, one after the other: every second frame is predicted from its "
        "two neighbours, the others are the scene's own."
    )
    picture = markup.image(path, alt="A test scene with every second frame predicted, by each way")
    drawing = tag("div", picture, class_="drawing")
    small = small_print(record.provenance, "true frames, pixel blend, flow warp", n=1)
    words = markup.caption(read, small)
    return [tag("figure", tag("h4", "A test scene, frame by frame"), drawing, words)]
