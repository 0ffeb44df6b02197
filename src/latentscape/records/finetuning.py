"""What `finetune` leaves beside the run: the model before and after, on the same images."""

from typing import ClassVar, Literal

from latentscape.records.comparison import Difference
from latentscape.records.measure import Provenance, Row
from latentscape.records.record import Array, Record


class FineTuneRecord(Record):
    """A model before and after fine-tuning, image by image on the test split.

    Attributes:
        base: Name of the model that it began with.
        base_sha256: Hash of that model's weights.
        trained: ``all`` weights or the ``decoder``.
        objective: What was minimised, in words, term by term.
        stopped: ``finished``, ``early stopping`` or ``collapsed``: then the model after is that of
            the moment.
        verdict: What the collapse doctor says of the end, with its numbers.
        cure: What it advises; empty where nothing is wrong.
        before, after: Measures of either model.
        likelihoods: Of the model before and after, in words: only under one likelihood do sums of
            log-likelihoods compare.
        differences: After less before, each image with both of its values; of what compares, and
            none where too few images have no interval.
        drift: How far the latents moved, and what is left of rate and units.
        moved, kept: (c,) of each channel (each latent of a vector): root mean square move as a
            share of its own spread; squared correlation of old and new.
        active_before, active_after: (d,) whether each latent's mean varies by more than .01; of
            points empty.
        originals, befores, afters: uint8 ``n channels height width``: some images, and what comes
            back of them from either model.
        shown_ids: Their identities.
    """

    kind: ClassVar[str] = "finetuning"
    provenance: Provenance
    base: str
    base_sha256: str
    trained: Literal["all", "decoder"]
    objective: tuple[str, ...]
    stopped: str
    verdict: str
    cure: str = ""
    before: Row
    after: Row
    likelihoods: tuple[str, str]
    differences: tuple[Difference, ...]
    drift: Row
    moved: Array
    kept: Array
    active_before: Array
    active_after: Array
    originals: Array
    befores: Array
    afters: Array
    shown_ids: tuple[str, ...] = ()
