"""What lies between two frames, predicted: what `motion --predict` returns."""

from typing import ClassVar

from pydantic import Field

from latentscape.records.measure import Provenance, Row, Undefined
from latentscape.records.record import Array, Record


class PredictorFit(Record):
    """How a predictor was fitted.

    Attributes:
        name: Of the predictor.
        words: What was found or chosen.
        n_parameters: Numbers that were fitted.
        seconds: That it took.
        validation_error: Squared error on the validation triplets once fitted, mean over values.
        history: Squared error on the validation triplets, first that of the linear predictor,
            then one an epoch, as long as it was finite; of nets only.
    """

    name: str
    words: str
    n_parameters: int
    seconds: float
    validation_error: float | None = None
    history: tuple[float, ...] = ()


class MotionThird(Record):
    """A third of the test triplets, by how much moves.

    Attributes:
        name: ``least motion``, ``middle motion`` or ``most motion``.
        least, most: Mean length of the optical flow from first to last, pixels.
        rows, baselines: As those of all.
    """

    name: str
    least: float
    most: float
    rows: tuple[Row, ...]
    baselines: tuple[Row, ...]


class PredictionRecord(Record):
    """Middles of test triplets, predicted from both ends, in latents and decoded.

    Attributes:
        provenance: Its n is the number of test triplets.
        rows: Of predictors that have something to fit.
        baselines: Of what has nothing: blends, copies, the line, the flow's warp; and the ceiling,
            the true middle encoded and decoded.
        by_motion: The same for thirds of the test triplets; empty of fewer than nine.
        fits: Of the predictors, in the order of the rows.
        left_out: Predictors that do not apply to such latents, and why.
        n_triplets: Number of triplets that were used, by split.
        n_shots, n_films: Number of shots (of scenes, where these are known) and of films of the
            test triplets.
        grouped_by: ``shot`` or ``scene``: what the number of shots counts.
        resampled: Over what intervals were drawn, or why there are none.
        names, shots, films: Of each test triplet.
        motion: (n,) mean length of the optical flow from first to last, pixels.
        columns: Way and number, e.g. ``conv latent_error``, to (n,) values.
        shown: Names of the triplets that are kept as pictures.
        ways: Names of the pictures of each.
        pictures: uint8 ``shown ways channels height width``.
        perceptual: Net and heads behind LPIPS; empty where there are none.
        settings: By which learned predictors were fitted.
    """

    kind: ClassVar[str] = "prediction"
    provenance: Provenance
    rows: tuple[Row, ...]
    baselines: tuple[Row, ...]
    by_motion: tuple[MotionThird, ...]
    fits: tuple[PredictorFit, ...]
    left_out: tuple[Undefined, ...]
    n_triplets: dict[str, int]
    n_shots: int
    n_films: int
    grouped_by: str = "shot"
    resampled: str
    names: tuple[str, ...]
    shots: tuple[str, ...]
    films: tuple[str, ...]
    motion: Array
    columns: dict[str, Array]
    shown: tuple[str, ...]
    ways: tuple[str, ...]
    pictures: Array
    perceptual: str = ""
    latents_from: str = ""
    settings: dict[str, bool | int | float] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def is_validated(self) -> bool:
        """Whether it says how predictors err on the validation triplets; older records do not."""
        known = {fit.name for fit in self.fits if fit.validation_error is not None}
        return "linear" in known and any(row.name in known for row in self.rows)

    @property
    def best(self) -> str | None:
        """The predictor that errs least on the validation triplets; None where none beats the line.

        The test triplets are asked once a choice is made: the least of many test errors is small
        by luck too.
        """
        errors = {fit.name: fit.validation_error for fit in self.fits}
        told = {row.name: e for row in self.rows if (e := errors.get(row.name)) is not None}
        line = errors.get("linear")
        if not told or line is None:
            return None
        name = min(told, key=lambda one: told[one])
        return name if told[name] < line else None
