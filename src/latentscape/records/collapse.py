"""What `measure collapse` returns."""

from typing import ClassVar, Literal

from pydantic import Field

from latentscape.records.measure import Provenance, Row
from latentscape.records.record import Array, Record

Finding = Literal[
    "healthy", "scale bug", "over-regularised", "optimisation collapse", "not learnt", "unknown"
]


class CollapseRecord(Record):
    """Whether a model's latents carry anything; if not, why, and what would mend it.

    Attributes:
        finding: What the model has, in a word; ``unknown`` of a store, which has no decoder.
        verdict: The finding in a sentence with its numbers.
        cure: What to try, with the flags that do it; empty where nothing is wrong.
        thresholds: Where the signs of collapse begin.
        activity: Rate and units.
        surgery: The rate taken apart.
        decoder: What the decoder makes of its latents, beside the mean image.
        kl_per_unit: (d,) mean KL of each latent, nats; empty for point posteriors.
        active: (d,) whether each latent is active; scaled first, where nothing drew latents to
            N(0, I).
        marginal_per_unit: (d,) KL(q(z_j) ‖ p(z_j)), nats; empty for point posteriors.
        cap: log of the number of codes in the mixture: the most information they can show.
        beta: The weight of the rate by the form of the loss, where the run is known.
        originals, reconstructions, others: uint8 ``n channels height width``: images, what comes
            back of them, and what comes back from another image's latent.
        mean_image: uint8 ``channels height width``: the training images' mean.
        shown_ids: Identities of the images.
    """

    kind: ClassVar[str] = "collapse"
    provenance: Provenance
    finding: Finding
    verdict: str
    cure: str
    thresholds: str
    activity: Row
    surgery: Row
    decoder: Row
    kl_per_unit: Array
    active: Array
    marginal_per_unit: Array
    cap: float
    beta: dict[str, float] = Field(default_factory=dict)
    originals: Array
    reconstructions: Array
    others: Array
    mean_image: Array
    shown_ids: tuple[str, ...] = ()
