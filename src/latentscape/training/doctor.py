"""The collapse doctor during training: a few looks at the first 200 steps, then at each epoch.

Every fifth step it reads what the pass has computed anyway: the rate, how far the posterior means
vary, how far the outputs vary beside the images. Forty steps make a window. An empty window is no
disease by itself: almost every VAE begins with one, and a slow one stays in it for long. It is one
where the weight forbids recovery, that is where β is more than any latent of these images can be
worth; then waiting does not help, and the run stops or is re-weighted. All other collapses show
after more patience, in the validation of two epochs in a row.

A fine-tuning begins with latents that carry something. Under such a weight it need not have lost
all of it to be given up: a tenth of the rate that it began with is the same road, further up. What
the model that it began with showed already is no collapse of its own.
"""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from latentscape.errors import TrainingError
from latentscape.metrics.collapse import ACTIVE_VARIANCE, MIN_RATE
from latentscape.objectives import KL, Pass
from latentscape.objectives.beta import MEAN_SUM
from latentscape.training.checkpoint import Progress
from latentscape.training.config import TrainConfig
from latentscape.training.cure import cause_of, cure, reason
from latentscape.training.validation import Validation
from latentscape.training.watch import EPOCHS_IN_A_ROW, FIRST_STEPS, Signs, settled_after
from latentscape.training.weighting import Weighting, figure

LOOK_EVERY = 5
WINDOW = 40
FIRST_WINDOW = 80  # the end of the first one that is judged: before, it is the start that is seen
N_SCALARS = 5
LEFT = 0.1  # of the base's rate, under which a fine-tuning has lost what it began with


@dataclass(frozen=True)
class Window:
    """What a window of batches showed, means over its images.

    Attributes:
        rate: Nats an image.
        active_units: Latents whose posterior mean varied over the window by more than .01.
        output_share: Variance of the outputs within a batch ÷ that of its images.
        mse, mae: Of the outputs, a value.
    """

    rate: float
    active_units: int
    output_share: float
    mse: float
    mae: float

    @property
    def is_empty(self) -> bool:
        """Whether nothing passed: next to no rate, and no unit that moves.

        Outputs may vary still: a young decoder paints the noise of the draws.
        """
        return self.rate < MIN_RATE and self.active_units == 0

    def words(self) -> str:
        """What was seen."""
        return (
            f"the rate is {self.rate:.2g} nat, no latent is active, outputs vary "
            f"{100 * self.output_share:.2g} % as much as images (and that with the draws' noise)"
        )


class Doctor:
    """Watches one run; its state is one vector, and lies in the checkpoint.

    Args:
        config: The run's; what the doctor may do is its ``doctor``.
        weighting: How the run weighs its rate; None for a run without a β: only its epochs are
            watched then.
        term: The objective's KL.
        base_rate: Nats an image of the model that a fine-tuning began with; None of other runs.
    """

    def __init__(
        self,
        config: TrainConfig,
        weighting: Weighting | None = None,
        term: KL | None = None,
        *,
        base_rate: float | None = None,
    ):
        self.base_rate = base_rate
        self.config, self.weighting, self.term = config, weighting, term
        self.sums: Tensor | None = None
        self.n_images = 0

    # Within the first steps -----------------------------------------------------------------

    def is_due(self, n_steps: int) -> bool:
        """Whether this step is to be looked at."""
        watches = self.config.doctor != "off" and self.weighting is not None
        return watches and n_steps <= FIRST_STEPS and n_steps % LOOK_EVERY == 0

    def look(self, done: Pass, progress: Progress, fabric: Fabric) -> bool:
        """See a batch; at a window's end stop or re-weight a run that it gives up.

        All processes look together.

        Returns:
            Whether β was lowered: ``progress.rate_share`` is then new.

        Raises:
            TrainingError: If the run has collapsed and is to stop, or nothing is left to lower.
        """
        window = self._add(done, progress.n_steps, fabric)
        if window is None or not self._has_collapsed(window, done, progress.rate_share):
            return False
        share = self._lowered(window.mse, window.mae, progress.rate_share)
        if self.config.doctor == "stop" or share == progress.rate_share:
            raise self._collapse(
                progress, f"step {progress.n_steps}", self._words(window), has_rate=True
            )
        progress.rate_share = share
        progress.notes.append(self._note(window, progress))
        if fabric.is_global_zero:
            warnings.warn(progress.notes[-1], stacklevel=2)
        return True

    @torch.no_grad()
    def _add(self, done: Pass, n_steps: int, fabric: Fabric) -> Window | None:
        seen = _figures(done)
        if fabric.world_size > 1:
            seen = torch.as_tensor(fabric.all_reduce(seen, reduce_op="mean"))
        seen = seen.cpu().double() * len(done.images)
        self.sums = seen if self.sums is None else self.sums + seen
        self.n_images += len(done.images)
        if n_steps % WINDOW:
            return None
        window = _window(self.sums / self.n_images)
        self.sums, self.n_images = None, 0
        return window if n_steps >= FIRST_WINDOW else None

    def _has_collapsed(self, window: Window, done: Pass, share: float) -> bool:
        """Whether nothing passes, and nothing will while the rate weighs what it weighs now."""
        assert self.weighting is not None
        assert self.term is not None
        weight = self.term.weight(done.epoch, done.n_epochs) * share
        nothing_left = window.is_empty or self._lost(window.rate)
        return nothing_left and weight > self.weighting.spread.break_even

    def _lost(self, rate: float | None) -> bool:
        """Whether a fine-tuning has lost most of the rate that it began with."""
        return self.base_rate is not None and rate is not None and rate < LEFT * self.base_rate

    def _words(self, window: Window) -> str:
        return window.words() if window.is_empty else self._fallen(window.rate)

    def _fallen(self, rate: float) -> str:
        return f"the rate fell from {self.base_rate:,.4g} nat an image to {rate:,.3g}"

    def _lowered(self, mse: float, mae: float, share: float) -> float:
        """What is left of β at the σ-VAE's for these errors; never more than now."""
        assert self.weighting is not None
        return min(share, self.weighting.fitted(mse, mae) / self.weighting.beta)

    def _note(self, window: Window, progress: Progress) -> str:
        assert self.weighting is not None
        before, now = self.weighting.beta, self.weighting.beta * progress.rate_share
        elsewhere, which = "", "the ELBO's own"
        if self.weighting.likelihood == "laplace":
            which = f"what a fitted b would take at MAE {figure(window.mae)}"
        elif self.weighting.likelihood == "gaussian-fixed":
            which = f"the σ-VAE's at MSE {figure(window.mse)}"
            forms = replace(self.weighting, beta=now).in_conventions(self.weighting.scale)
            elsewhere = f" ({figure(forms[MEAN_SUM])} as {MEAN_SUM})"
        return (
            f"the doctor lowered β from {figure(before)} to {figure(now)} in ELBO units{elsewhere},"
            f" {which}: by step {progress.n_steps} {self._words(window)}"
        )

    # After each epoch -----------------------------------------------------------------------

    def judge(self, progress: Progress, checked: Validation) -> None:
        """Count epochs in a row that look collapsed; let a β once lowered follow the error down."""
        weighting, term = self.weighting, self.term
        hopeless = weighting is not None and weighting.too_strong and progress.rate_share == 1
        settled = progress.n_steps >= settled_after(hopeless=hopeless)
        warmed_up = term is None or progress.epoch > term.warmup_epochs
        seen = checked.signs.collapse(_at_the_beginning(progress))
        collapsed = settled and warmed_up and seen is not None
        collapsed |= hopeless and self._lost(checked.signs.rate)
        progress.collapsed = progress.collapsed + 1 if collapsed else 0
        if progress.rate_share < 1:
            progress.rate_share = self._lowered(checked.mse, checked.mae, progress.rate_share)

    def verdict(self, progress: Progress, checked: Validation) -> None:
        """Stop a run that has looked collapsed for two epochs.

        Raises:
            TrainingError: If it has, and is to stop.
        """
        if progress.collapsed >= EPOCHS_IN_A_ROW and self.config.doctor != "off":
            has_rate = checked.signs.rate is not None and self.config.trains == "all"
            seen = checked.signs.collapse(_at_the_beginning(progress))
            seen = seen or self._fallen(checked.rate)
            raise self._collapse(progress, f"epoch {progress.epoch}", seen, has_rate=has_rate)

    def row(self, progress: Progress) -> dict[str, float]:
        """β at the end of its schedule, as it stands now, for the history; nothing without one."""
        if self.weighting is None:
            return {}
        return {"beta": self.weighting.beta * progress.rate_share}

    def _collapse(
        self, progress: Progress, when: str, seen: str, *, has_rate: bool
    ) -> TrainingError:
        """The error that ends a collapsed run: what was seen, why, and what to do."""
        config, weighting = self.config, self.weighting
        if weighting is not None:
            weighting = replace(weighting, beta=weighting.beta * progress.rate_share)
        cause = cause_of(weighting, has_rate=has_rate)
        told = cure(
            cause,
            recipe=config.recipe,
            convention=config.beta_convention,
            weighting=weighting,
        )
        if self.base_rate is not None:
            told += "; or --train decoder, with which the latents stay as they are"
        return TrainingError(
            f"the run collapsed by {when} ({cause}): {seen}; {reason(cause, weighting)}",
            f"{told}; that is another run, with its own --out; --resume --doctor off goes on",
        )

    # State ----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """The unfinished window."""
        return {"sums": self.sums, "n_images": self.n_images}

    def restore(self, state: dict[str, Any] | None) -> None:
        """Go on with an unfinished window; None (from before there was a doctor) begins anew."""
        if state is not None:
            self.sums, self.n_images = state["sums"], state["n_images"]


def _at_the_beginning(progress: Progress) -> Signs | None:
    """What the model that a fine-tuning began with showed; None of a training from the start."""
    columns = progress.history
    if not columns.get("epoch") or columns["epoch"][0] != 0:
        return None
    return Signs(
        rate=columns["val_rate"][0] if "val_rate" in columns else None,
        active_units=int(columns["active_units"][0]) if "active_units" in columns else 0,
        output_share=columns["output_share"][0],
    )


def _figures(done: Pass) -> Tensor:
    """Rate, variances of images and outputs, errors, then each latent's mean and mean square."""
    means = done.posterior.mean.detach().flatten(1).float()
    images = done.images.flatten(1).float()
    outputs = done.likelihood.mean(done.logits.float()).flatten(1)
    errors = outputs - images
    scalars = (
        done.posterior.kl().flatten(1).sum(1).mean(),
        _variance(images),
        _variance(outputs),
        errors.square().mean(),
        errors.abs().mean(),
    )
    return torch.cat([torch.stack(scalars), means.mean(0), means.square().mean(0)])


def _variance(rows: Tensor) -> Tensor:
    return (rows - rows.mean(0)).square().sum(1).mean()


def _window(means: Tensor) -> Window:
    rate, images, outputs, mse, mae = means[:N_SCALARS].tolist()
    first, second = means[N_SCALARS:].chunk(2)
    active = (second - first.square()) > ACTIVE_VARIANCE
    return Window(rate, int(active.sum()), outputs / max(images, 1e-12), mse, mae)
