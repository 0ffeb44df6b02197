"""Rows of the collapse doctor: activity, the surgery of the rate, and what a decoder reads."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import measured, row_of
from latentscape.metrics.collapse import ACTIVE_VARIANCE, LatentSums, scaled_active
from latentscape.metrics.elbo import NO_RATE
from latentscape.metrics.interval import bootstrap_intervals
from latentscape.metrics.moments import Moments
from latentscape.metrics.surgery import Surgery
from latentscape.records import Measure, Reference, Row

NOT_PULLED = (
    "nothing drew this model's latents towards N(0, I), and .01 is a share of that prior's variance"
)
PARTS = ("information", "marginal_kl", "total_correlation", "dimension_wise_kl")


@dataclass(frozen=True)
class Sampling:
    """What intervals are made of.

    Attributes:
        seed: Of the bootstrap.
        groups: (n,) group of each image; None where each stands alone.
    """

    seed: int
    groups: np.ndarray | None = None

    def of(self, columns: Mapping[str, np.ndarray], names: Iterable[str]) -> list[Measure]:
        """The mean of each named column as a measure."""
        intervals = bootstrap_intervals(columns, seed=self.seed, groups=self.groups)
        return [
            measured(
                name,
                float(columns[name].mean()),
                n=len(columns[name]),
                interval=intervals.get(name),
            )
            for name in names
        ]


def gaussian_kl(means: np.ndarray, log_vars: np.ndarray) -> np.ndarray:
    """KL(q(z|x) ‖ N(0, I)) of each latent, nats; both arguments ``n *latent``.

    ½(μ² + σ² − 1 − ln σ²), METHODS §8.
    """
    mean, log_var = means.astype(np.float64), log_vars.astype(np.float64)
    return 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)


def activity_row(
    means: np.ndarray, log_vars: np.ndarray | None, *, pulled: bool, sampling: Sampling
) -> Row:
    """Rate and units.

    Args:
        means, log_vars: ``n d`` of the posteriors; the latter None for points.
        pulled: Whether training drew the latents towards N(0, I).
        sampling: For the interval of the rate.
    """
    n, d = means.shape
    kl = None if log_vars is None else gaussian_kl(means, log_vars)
    noise = None if log_vars is None else np.exp(log_vars.astype(np.float64)).mean(0)
    sums = LatentSums.of(means, np.zeros_like(means) if kl is None else kl)
    of = f"of {d:,}"

    def rate() -> Iterable[Measure]:
        return sampling.of({"rate": _known(kl).sum(1)}, ("rate",))

    def active() -> Iterable[Measure]:
        if not pulled:
            raise UndefinedError(NOT_PULLED, "see active_units_scaled")
        _require_two(n)
        return [measured("active_units", int(sums.active.sum()), n=n, note=of)]

    def scaled() -> Iterable[Measure]:
        _require_two(n)
        found = int(scaled_active(sums.means.variance, noise).sum())
        return [measured("active_units_scaled", found, n=n, note=of)]

    def collapsed() -> Iterable[Measure]:
        _known(kl)
        return [measured("collapsed_units", int(sums.collapsed.sum()), n=n, note=of)]

    makers = {
        "rate": rate,
        "active_units": active,
        "active_units_scaled": scaled,
        "collapsed_units": collapsed,
    }
    note = f"active: variance of the posterior mean over {ACTIVE_VARIANCE}"
    return row_of("activity", makers, note=note)


def surgery_row(make: Callable[[], Surgery], *, sampling: Sampling, total: int) -> Row:
    """The rate taken apart, with intervals over codes; the mixture itself stays as it is.

    Args:
        make: Computes the surgery; an `UndefinedError` of it is the row's.
        sampling: Its groups are those of the codes in the mixture.
        total: Number of codes there were to choose from.
    """
    notes: list[str] = []

    def parts() -> Iterable[Measure]:
        surgery = make()
        notes.extend(_remarks(surgery, total))
        columns = {name: values for name, values in surgery.columns().items() if name in PARTS}
        cap = Reference(value=surgery.cap, words=f"log N, the most that {surgery.n:,} codes show")
        found = sampling.of(columns, PARTS)
        return [found[0].model_copy(update={"reference": cap}), *found[1:]]

    row = row_of("surgery of the rate", {" + ".join(PARTS): parts})
    return row.model_copy(update={"note": "; ".join(notes)})


def _remarks(surgery: Surgery, total: int) -> list[str]:
    chosen = f" of {total:,}, chosen by seed" if surgery.n < total else ""
    remarks = [f"mixture of all N = {surgery.n:,} codes{chosen}, one draw of each"]
    information = float(surgery.information.mean())
    if surgery.is_capped:
        remarks.append(
            f"the information stands at its cap, log N = {surgery.cap:.3g} nat: codes hardly "
            "overlap, the true value may be any amount larger and the marginal KL smaller by it"
        )
    if information < 0:
        remarks.append("a small negative information is the noise of one draw a code around nought")
    return remarks


@dataclass(frozen=True)
class Decoded:
    """What a decoder made of n images' latents; a column has one value an image.

    Attributes:
        columns: ``mse``, ``mean_image_mse``, ``mse_to_mean_image``, ``mse_of_other``,
            ``elbo_lost_to_other``, and where the prior may be decoded ``mse_of_prior`` and
            ``elbo_lost_to_prior``.
        own_mse: Mean squared error from a draw of the image's own posterior.
        pixels: Moments of originals and of reconstructions.
    """

    columns: dict[str, np.ndarray]
    own_mse: float
    pixels: tuple[Moments, Moments]

    @property
    def spread(self) -> float | None:
        """Variance over images of the reconstructions ÷ of the originals; None of equal images."""
        originals, back = (float(moments.deviations.sum()) for moments in self.pixels)
        return back / originals if originals > 0 else None


def decoder_row(decoded: Decoded, *, sampling: Sampling) -> Row:
    """Reconstructions beside the mean image, another image's latent, and the prior."""
    columns = decoded.columns
    painted = Reference(
        value=float(columns["mean_image_mse"].mean()), words="the training images' mean for all"
    )
    own = Reference(value=decoded.own_mse, words="from a draw of the image's own posterior")
    beside = {"mse": painted, "mse_of_other": own, "mse_of_prior": own}

    def means(*names: str) -> Callable[[], Iterable[Measure]]:
        def make() -> Iterable[Measure]:
            if not set(names) <= set(columns):
                raise UndefinedError(
                    "nothing drew this model's latents towards N(0, I)", "fit a density to them"
                )
            found = sampling.of({name: columns[name] for name in names}, names)
            return [m.model_copy(update={"reference": beside.get(m.name)}) for m in found]

        return make

    def spread() -> Iterable[Measure]:
        if decoded.spread is None:
            raise UndefinedError("the images are all the same", "give images that differ")
        return [measured("reconstruction_spread", decoded.spread, n=len(columns["mse"]))]

    makers = {
        "mse": means("mse", "mean_image_mse", "mse_to_mean_image"),
        "reconstruction_spread": spread,
        "mse_of_other": means("mse_of_other", "elbo_lost_to_other"),
        "mse_of_prior": means("mse_of_prior", "elbo_lost_to_prior"),
    }
    return row_of("decoder", makers, note="mse: decoded from the posterior mean; the rest: draws")


def _known(kl: np.ndarray | None) -> np.ndarray:
    if kl is None:
        raise UndefinedError(NO_RATE, "measure a model with a Gaussian posterior")
    return kl


def _require_two(n: int) -> None:
    if n < 2:
        raise UndefinedError("one image has no variance", "give at least two images")
