"""What latents know of motion: what `motion` returns."""

from typing import ClassVar

from latentscape.records.measure import Provenance, Row, Undefined
from latentscape.records.record import Array, Record


class ShiftTable(Record):
    """Whether the latent moves along when the frame is moved.

    Attributes:
        pixels: Of each shift.
        factor: Pixels to a cell of the latent; a shift by a multiple of it moves whole cells.
        edge: Cells at each border that were left out.
        inside: Rows and columns of the cells that are left; empty in older records.
        rows: A row a shift: the encoder's error, held against the latent that is not moved, and
            the decoder's PSNR, held against the image that is not.
        baselines: A row a shift of the simplest code on the same grid, each cell's mean colour.
    """

    pixels: tuple[int, ...]
    factor: int
    edge: int
    inside: tuple[int, ...] = ()
    rows: tuple[Row, ...]
    baselines: tuple[Row, ...]


class ShotTable(Record):
    """How latents go through longer shots.

    Attributes:
        rows: Latents, over all shots.
        baselines: Pixels, and both with their frames in another order.
        names: Of each shot (or piece of one).
        frames: (shots,) of each.
        numbers: By space and number, e.g. ``latents curvature``, (shots,).
    """

    rows: tuple[Row, ...]
    baselines: tuple[Row, ...]
    names: tuple[str, ...]
    frames: Array
    numbers: dict[str, Array]


class MotionMaps(Record):
    """Some triplets with what moves and what changes, place by place.

    Attributes:
        names: Of the triplets.
        frames: uint8 ``k 3 channels height width``.
        motion: ``k rows columns``, pixels of optical flow at each place of the latent's grid.
        change: The same shape, ‖z3 − z1‖ at each place, in the latent's unit.
        pixel_change: The same shape, of the pixels of each cell, in [0, 1].
        correlations: (k,) Spearman's, of change and motion.
    """

    names: tuple[str, ...]
    frames: Array
    motion: Array
    change: Array
    pixel_change: Array
    correlations: Array


class MotionPlane(Record):
    """Courses on the first two principal axes of the latents of all frames.

    Attributes:
        explained: Share of the variance along each axis.
        crowd: (n, 2) frames drawn from all, for the ground.
        courses: Each ``frames 2``, in the order of time.
        names: Of each course.
        frame_ids: Identities of the frames of each, by which a map of the same images knows them.
        of_shots: Whether courses are longer shots, else triplets.
        n_fitted: Frames that the axes were fitted to.
    """

    explained: tuple[float, float]
    crowd: Array
    courses: tuple[Array, ...]
    names: tuple[str, ...]
    frame_ids: tuple[tuple[str, ...], ...] = ()
    of_shots: bool
    n_fitted: int


class MotionRecord(Record):
    """Motion triplets in a model's latents, in pixels, and with shuffled middles.

    Attributes:
        rows: Latents: all triplets, each split, and thirds by how much moves.
        baselines: For each of those (named in ``beside``) the same of pixels, of latents and
            pixels with middles from the same shot and from another, and of the flow itself.
        undefined: What does not apply, and why.
        names, splits, shots, films: Of each triplet.
        columns: By space and number, e.g. ``latents midpoint_deviation``, (m,); NaN where not
            defined.
        flow: The optical flow's name.
        latents_from: Where the latents were read, in words.
        resampled: What was drawn for the intervals over all triplets, or why there are none.
        warnings: What the reader should mind.
        step: Frames from first to middle; None where that is not known.
        frame_shape: Of a frame as the model sees it.
        shifts: None where the latent is no grid.
        shot_table: None where no shot has four frames at equal steps.
        maps: None where the latent is no grid.
        plane: None of latents with fewer than two dimensions.
    """

    kind: ClassVar[str] = "motion"
    provenance: Provenance
    rows: tuple[Row, ...]
    baselines: tuple[Row, ...]
    undefined: tuple[Undefined, ...] = ()
    names: tuple[str, ...]
    splits: tuple[str, ...]
    shots: tuple[str, ...]
    films: tuple[str, ...]
    columns: dict[str, Array]
    flow: str
    latents_from: str
    resampled: str = ""
    warnings: tuple[str, ...] = ()
    step: int | None = None
    frame_shape: tuple[int, ...]
    shifts: ShiftTable | None = None
    shot_table: ShotTable | None = None
    maps: MotionMaps | None = None
    plane: MotionPlane | None = None
