"""One pass over validation images: loss parts, rate and distortion, signs of collapse."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from latentscape.metrics.collapse import ACTIVE_VARIANCE
from latentscape.metrics.moments import Moments
from latentscape.training.feed import Feed
from latentscape.training.learner import Learner
from latentscape.training.watch import Signs

BATCH = 500
AT_ONCE = 1 << 21  # values of images; the nets that compare them keep a hundred times as many


@dataclass(frozen=True)
class Validation:
    """Means over the split; nats per image except where said.

    Attributes:
        parts: Loss part name to its mean, weighted exactly as in training.
        distortion: −log p(x|z), z drawn from the posterior.
        rate: KL(q(z|x) ‖ N(0, I)); 0 for point posteriors.
        mse, mae: Mean squared and absolute error of those reconstructions, pixels in [0, 1].
        signs: What the pass says about collapse.
    """

    parts: dict[str, float]
    distortion: float
    rate: float
    mse: float
    mae: float
    signs: Signs

    @property
    def loss(self) -> float:
        """The objective: the parts' sum."""
        return sum(self.parts.values())

    def row(self) -> dict[str, float]:
        """Columns of the history."""
        parts = {f"val_{name}": value for name, value in self.parts.items()}
        bound = {
            "val_elbo": -(self.distortion + self.rate),
            "val_rate": self.rate,
            "active_units": self.signs.active_units,
        }
        return {
            "val_loss": self.loss,
            **parts,
            "val_distortion": self.distortion,
            **({} if self.signs.rate is None else bound),  # a point posterior has no bound
            "psnr_of_mean_mse": -10 * math.log10(max(self.mse, 1e-12)),
            "output_share": self.signs.output_share,
        }


@torch.no_grad()
def validate(learner: Learner, feed: Feed, *, seed: int, epoch: float, epochs: int) -> Validation:
    """Score a learner on a split; the draws are the same at every call with the same seed."""
    was_training = learner.training
    learner.eval()
    rng = torch.Generator(device=feed.device).manual_seed(seed)
    parts, distortion, rate, squared, absolute = 0.0, 0.0, 0.0, 0.0, 0.0
    moments: dict[str, Moments] = {}
    batch_size = max(1, min(BATCH, AT_ONCE // learner.model.image_shape.size))
    for images, labels in feed.batches(batch_size):
        parts = parts + learner(images, labels, rng, epoch, epochs).double() * len(images)
        done = learner.done
        assert done is not None
        output = done.likelihood.mean(done.logits)
        distortion += done.likelihood.nll(done.logits, images).sum().item()
        rate += done.posterior.kl().sum().item()
        error = output - images
        squared += error.square().mean((1, 2, 3)).sum().item()
        absolute += error.abs().mean((1, 2, 3)).sum().item()
        seen = {"means": done.posterior.mean, "inputs": images, "outputs": output}
        for name, rows in seen.items():
            more = Moments.of(rows.flatten(1).cpu().numpy())
            moments[name] = moments[name].merge(more) if name in moments else more
    learner.done = None
    learner.train(was_training)
    n = len(feed)
    signs = Signs(
        rate=rate / n if learner.model.posterior == "gaussian" else None,
        active_units=int((moments["means"].variance > ACTIVE_VARIANCE).sum()),
        output_share=moments["outputs"].variance.sum()
        / max(moments["inputs"].variance.sum(), 1e-12),
    )
    assert isinstance(parts, Tensor)  # there was at least one batch
    named = dict(zip(learner.part_names, (parts / n).tolist(), strict=True))
    return Validation(
        named, distortion / n, rate / n, mse=squared / n, mae=absolute / n, signs=signs
    )
