"""Motion: what a model's latents know of moving pictures; one file a question."""

from pathlib import Path
from typing import TYPE_CHECKING

from latentscape.data import DataConfig
from latentscape.records.motion import MotionRecord

if TYPE_CHECKING:
    from latentscape.workflows.motion.analysis import MotionConfig
    from latentscape.workflows.opening import Progress


def motion(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    config: "MotionConfig | None" = None,
    out: Path | str | None = None,
    latents: Path | str | None = None,
    seed: int = 0,
    progress: "Progress | None" = None,
) -> MotionRecord:
    """Say what a model's latents know of motion, beside pixels and shuffled middles.

    Frames are encoded into ``stores/``, flow and numbers are kept below ``flows/`` and
    ``motion/numbers/``: a stopped analysis goes on, and a second one reads. Memory does not grow
    with the number of triplets, but for some sixty numbers of each.

    Args:
        model: MODEL.
        data: DATA of moving pictures; the model's own images if None.
        config: The flow, and how much is looked at.
        out: Folder to write to; the model's run if None. The record is ``motion/DATA.json`` in it.
        latents: Folder of ``latent1..3.npy`` to read instead of encoding.
        seed: Of shuffles, bootstraps and choices.
        progress: Called with (done, in all, unit).

    Raises:
        UsageError: If the words do not fit, there is no such flow, or no folder to write to.
        DataError: If DATA is no moving picture, has fewer than three triplets, or does not fit.
        ModelError: If the model encodes to values that are not finite.
        StoreError: If the latents are another model's or of other images, are missing or not
            finite, or cannot be written.
    """
    from latentscape.workflows.motion.analysis import analyse_motion

    return analyse_motion(
        model, data, config=config, out=out, latents=latents, seed=seed, progress=progress
    )
