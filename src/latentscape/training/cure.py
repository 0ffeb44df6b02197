"""Why a latent is empty, and what fills it again: METHODS §8's "which cures what", with its flags.

A *scale bug* weighs the rate by orders of magnitude too much, because one loss was averaged where
the other was summed; warm-up and free bits only delay or mask it. An *over-regularised* model has
a β that no latent can pay. In an *optimisation collapse* a latent would pay for itself, and yet the
decoder has learnt to do without.
"""

from dataclasses import dataclass
from typing import Literal

from latentscape.metrics.collapse import signs_in
from latentscape.training.recipes import RECIPES
from latentscape.training.watch import Signs
from latentscape.training.weighting import FAR_OFF, Weighting, figure

Cause = Literal["scale bug", "over-regularised", "optimisation collapse", "not learnt"]

PLAIN = ("vae", "beta_vae")
BLURRED = 0.5  # variance of reconstructions ÷ of images, below which they are averages of many
HEAVY = 10  # times the σ-VAE's β at the error reached


@dataclass(frozen=True)
class Diagnosis:
    """What a model has, in a word and in a sentence, and what to do about it.

    Attributes:
        finding: ``healthy``, or the cause of its collapse.
        verdict: With its numbers.
        cure: Empty where nothing is wrong.
    """

    finding: Literal["healthy"] | Cause
    verdict: str
    cure: str


def diagnose(
    signs: Signs,
    weighting: Weighting | None,
    *,
    errors: tuple[float, float],
    recipe: str,
    convention: str | None = None,
) -> Diagnosis:
    """What a finished model has.

    Args:
        signs: Of collapse.
        weighting: How it weighed its rate; None where that is not known.
        errors: Mean squared and mean absolute error it reached, a value.
        recipe: Its recipe's name.
        convention: In which its β was written, where that was not ELBO units.
    """
    has_rate, share = signs.rate is not None, signs.output_share
    seen = signs_in(
        rate=signs.rate, active_units=signs.active_units if has_rate else None, spread=share
    )
    if seen:
        cause = cause_of(weighting, has_rate=has_rate)
        told = cure(cause, recipe=recipe, convention=convention, weighting=weighting)
        return Diagnosis(cause, f"{'; '.join(seen)}. Why: {reason(cause, weighting)}", told)
    rate = f"{signs.rate:,.1f} nat an image, " if signs.rate is not None else ""
    units = f"{signs.active_units:,} active units"
    whole = f"{rate}{units}, reconstructions vary {100 * share:.3g} % as much as images"
    times = 1.0 if weighting is None else weighting.beta / weighting.fitted(*errors)
    if weighting is not None and share < BLURRED and times > HEAVY:
        heavy = f"and β weighs the rate {figure(times)} times as much as the σ-VAE's would here"
        told = cure("over-regularised", recipe=recipe, convention=convention, weighting=weighting)
        return Diagnosis("over-regularised", f"no collapse, but {whole}, {heavy}", told)
    return Diagnosis("healthy", whole, "")


def cause_of(weighting: Weighting | None, *, has_rate: bool) -> Cause:
    """Why a model has collapsed, once it has.

    Args:
        weighting: How it weighs its rate; None where it has no β, or nobody knows it.
        has_rate: Whether its posterior is a distribution and not a point.
    """
    if not has_rate:
        return "not learnt"
    if weighting is None:
        return "optimisation collapse"
    if not weighting.too_strong:
        return "optimisation collapse"
    return "scale bug" if weighting.against_unit > FAR_OFF else "over-regularised"


def reason(cause: Cause, weighting: Weighting | None) -> str:
    """The cause in a sentence with its numbers."""
    if cause == "not learnt":
        return "the decoder paints one image whatever the code: the optimiser has not got anywhere"
    if weighting is None:
        return "no β is known of it; a decoder that does without its latent is the usual cause"
    beta, worth = figure(weighting.beta), figure(weighting.spread.break_even)
    if cause == "scale bug":
        times = figure(weighting.against_unit)
        return (
            f"β is {beta} in ELBO units, {times} times the unit-variance ELBO, as where one loss "
            f"is averaged and the other summed; a latent of these images is worth {worth} at most"
        )
    if cause == "over-regularised":
        return f"β is {beta}, and a latent of these images is worth {worth} at most"
    return (
        f"β is {beta} and a latent would be worth up to {worth}: it is not the weight, the decoder "
        "has learnt to do without its latent"
    )


def cure(
    cause: Cause,
    *,
    recipe: str,
    convention: str | None = None,
    weighting: Weighting | None = None,
) -> str:
    """What to try, first things first, by the flags that do it.

    Args:
        cause: As `cause_of` says.
        recipe: The run's.
        convention: In which its β was written, where that was not ELBO units.
        weighting: How it weighs its rate; None where that is not known.
    """
    fitted = weighting is not None and weighting.likelihood == "gaussian"
    sigma = "--recipe sigma_vae" if recipe in PLAIN else "--likelihood gaussian"
    fit = "" if fitted else f", or let σ set the weight: {sigma}"
    smaller = "" if convention or weighting is None else _smaller_scale(weighting)
    if cause == "scale bug":
        unit = (
            f"leave out --beta-convention {convention}, which is β = 1 in ELBO units"
            if convention
            else "--beta 1"
        )
        unit = smaller or f"sum both losses: {unit}"
        return f"{unit}{fit}; --doctor reweight lowers β on the way"
    if cause == "over-regularised":
        less = smaller or "weigh the rate less: --beta 1 or below"
        return f"{less}{fit}; --doctor reweight does it on the way"
    if cause == "not learnt":
        return "lower --learning-rate, train longer, or use a network with more width"
    if recipe not in RECIPES:
        return (
            "of a pretrained model train the decoder alone: with the encoder as it was no collapse "
            "is possible; or all of it at β = 1e-6 on summed losses and a small step"
        )
    if recipe in ("info_vae", "beta_tcvae"):  # no term of theirs has free bits
        return "lower --learning-rate, or train a decoder with less width"
    return (
        "keep the latents in use: --set recipe.free_bits=0.25, or --set recipe.cycles=4; or lower "
        "--learning-rate"
    )


def _smaller_scale(weighting: Weighting) -> str:
    """What to state for σ or b where that, and not a β of 1 or less, is what weighs too much."""
    name, fits = "σ", weighting.spread.mse**0.5
    if weighting.likelihood == "laplace":
        name, fits = "b", weighting.spread.mae
    if not weighting.states_scale or weighting.beta > 1 or weighting.scale <= fits:
        return ""
    return (
        f"state a smaller {name} than {figure(weighting.scale)}, for pixels lie in [0, 1]: "
        f"--set likelihood_scale={fits:.2g} is the mean image's error"
    )
