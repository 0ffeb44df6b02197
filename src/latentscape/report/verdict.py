"""What a run's numbers come to, in sentences: better or worse than what, and by how much."""

from math import isfinite, prod

from latentscape.records import Measure, ReconstructionRecord, Row, RunRecord
from latentscape.report.words import label, number

SAME = 0.005
LINEAR = "pca"
HOLDS = {
    "tvae": "its triplet term (weight {weight:g}) places codes by class, not by pixel",
    "aae": "its discriminator (weight {scale:g}) holds the codes to the prior",
    "wae_mmd": "its MMD (weight {weight:g}) holds the codes to the prior",
    "info_vae": "λ = {lam:g} weighs the match of all codes with the prior",
    "beta_tcvae": "β = {beta:g} weighs the latents' dependence on each other",
    "dip_vae": "its covariance term (λ = {off_diagonal:g}) keeps the latents uncorrelated",
    "rae": "it is charged for large codes ({latent_weight:g}) and weights ({decoder_weight:g})",
}


def verdicts(record: ReconstructionRecord) -> list[str]:
    """One sentence a baseline, on squared error, and one on what the latent carries."""
    model, baselines, split = judged(record)
    mine = find(model, "mse")
    if mine is None:
        return []
    lines = []
    for row in baselines:
        other = find(row, "mse")
        if other is not None and other.value > 0:
            why = why_worse(record) if LINEAR in row.name.lower() else ""
            where = f" Of the {split} images alone." if split else ""
            line = _against(mine, row, other) + where
            lines.append(line + (f" Why: {why}." if why else ""))
    used = _used(record)
    return lines + ([used] if used else [])


def judged(record: ReconstructionRecord) -> tuple[Row, tuple[Row, ...], str]:
    """The model's row that is held against baselines, these, and the split that both are of.

    Baselines are fitted to the training images: where splits are known, only the test split says
    who is better. The split is empty where the record is of one.
    """
    test = next((row for row in record.by_split if row.name == "test"), None)
    held = tuple(row for row in record.split_baselines if row.beside == "test")
    if test is None or not held:
        return record.model_row, record.baselines, ""
    return test.model_copy(update={"name": record.model_row.name}), held, "test"


def against_baseline(row: Row, baseline: Row, name: str = "mse") -> str:
    """``34 % better`` or ``12 % worse`` than a baseline on one measure; empty where unknown."""
    mine, other = find(row, name), find(baseline, name)
    if mine is None or other is None or not other.value or mine.better == "neither":
        return ""
    share = mine.value / other.value - 1
    if abs(share) < SAME:
        return "same"
    good = (share < 0) == (mine.better == "lower")
    amount = f"{abs(share) * 100:.0f} %" if share <= 1 else f"{share + 1:.1f} times,"
    return f"{amount} {'better' if good else 'worse'}"


def linear_baseline(record: ReconstructionRecord) -> Row | None:
    """PCA with as many numbers, if it was computed."""
    return next((row for row in judged(record)[1] if LINEAR in row.name.lower()), None)


def ratio_to_linear(record: ReconstructionRecord) -> float | None:
    """The model's squared error ÷ that of PCA; None where either is unknown."""
    linear = linear_baseline(record)
    mine, other = find(judged(record)[0], "mse"), find(linear, "mse") if linear else None
    if mine is None or other is None or not other.value:
        return None
    return mine.value / other.value


def why_worse(record: ReconstructionRecord) -> str:
    """What a model spent elsewhere that has a larger squared error than PCA; else nothing.

    PCA minimises the squared error and its numbers are free. What a model pays besides is told:
    rate, what its β makes a nat cost, latents left unused, other terms, another likelihood.
    """
    ratio = ratio_to_linear(record)
    if ratio is None or ratio <= 1 + SAME:
        return ""
    held = HOLDS.get(record.provenance.recipe, "")
    try:
        held = held.format(**record.objective)
    except (KeyError, ValueError):  # settings of another version
        held = ""
    likelihood = ""
    if record.likelihood == "bernoulli":
        likelihood = "what it minimised is cross-entropy, not squared error"
    parts = [*_rate_spent(record), held, likelihood]
    return "; ".join(part for part in parts if part)


def _rate_spent(record: ReconstructionRecord) -> list[str]:
    told, rate = record.objective, find(judged(record)[0], "rate")
    if rate is None:
        return [
            "its codes cost no rate, so it is not short of room: train longer or widen the network"
        ]
    parts = [f"it spends {number(rate.value)} nat of rate an image, where PCA's numbers are free"]
    beta = told.get("beta", 1) if "warmup_epochs" in told else None
    if "capacity" in told:
        parts.append(f"its rate is led to C = {told['capacity']:g} nat (γ = {told['gamma']:g})")
    elif beta is not None and beta > 1:
        parts.append(f"β = {beta:g} weighs rate {beta:g} times over distortion")
    active, size = find(record.model_row, "active_units"), _latents(record)
    if active is not None and active.value < size:
        parts.append(f"{active.value:.0f} of {size:,} latents are active")
    sigma = record.likelihood.removeprefix("gaussian-fixed, σ ")
    if beta and "capacity" not in told and sigma != record.likelihood:
        price = 2 * float(sigma) ** 2 * beta
        parts.append(f"at σ = {sigma} a nat must save {price:.3g} of summed squared error to pay")
    return parts


def find(row: Row, name: str) -> Measure | None:
    """A row's measure by name, or None."""
    return next((m for m in row.measures if m.name == name), None)


def finite(row: Row, name: str) -> Measure | None:
    """The same, where it is a number that can be drawn."""
    found = find(row, name)
    return found if found is not None and isfinite(found.value) else None


def concerns(run: RunRecord | None, records: list[ReconstructionRecord]) -> list[str]:
    """What the reader should be warned of: the run's own warnings, and signs of collapse."""
    lines = list(run.warnings) if run else []
    if run and run.stopped not in ("finished", "early stopping"):
        lines.append(f"Training did not finish: {run.stopped}.")
    for record in records:
        lines += [f"A sign of collapse: {sign}." for sign in record.warnings]
    return list(dict.fromkeys(lines))


def _against(mine: Measure, row: Row, other: Measure) -> str:
    share = mine.value / other.value - 1
    values = f"MSE {number(mine.value)} against {number(other.value)}"
    if abs(share) < SAME:
        return f"= As good as {row.name}: {values}."
    word, sign = ("Better", "✓") if share < 0 else ("Worse", "✗")
    return f"{sign} {word} than {row.name}: {values}, {_share(share)} error."


def _share(share: float) -> str:
    """``34 % less``, ``12 % more`` or, beyond double, ``3.1 times the``."""
    if share > 1:
        return f"{share + 1:.1f} times the"
    return f"{abs(share) * 100:.0f} % {'more' if share > 0 else 'less'}"


def _used(record: ReconstructionRecord) -> str:
    active, rate = find(record.model_row, "active_units"), find(record.model_row, "rate")
    total = _latents(record)
    parts = []
    if active is not None:
        parts.append(f"{number(active.value)} of {total:,} latent units are active")
    if rate is not None:
        parts.append(f"the latent carries {number(rate.value)} nat an image ({label('rate')})")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _latents(record: ReconstructionRecord) -> int:
    return prod(record.provenance.latent_shape)
