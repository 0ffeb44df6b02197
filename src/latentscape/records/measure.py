"""A number that can be read alone: unit, direction, bounds, interval."""

from typing import Literal

from latentscape.records.record import Record

Better = Literal["higher", "lower", "neither"]


class Reference(Record):
    """What a measure is held against: a baseline, chance, or a null of the same size.

    Attributes:
        value: The same measure of the reference; the mean where it was drawn several times.
        low, high: Where the draws of a null lie.
        words: What it is and how it was made, e.g. ``N(0, I), n = 10,000, 20 draws``.
    """

    value: float
    low: float | None = None
    high: float | None = None
    words: str


class Measure(Record):
    """One number and everything needed to read it.

    Attributes:
        name: Short name, as in a table's head: ``psnr_mean``.
        value: The number.
        unit: ``dB``, ``nat``, ``bit/dim``, ``squared pixel value``, ``units`` or ``""``.
        better: Which way is better.
        bounds: Smallest and largest possible value; None where unbounded.
        low, high: Interval, where one was computed.
        interval: How the interval was made, e.g. ``95 % bootstrap over 1,000 images``.
        n: Number of samples behind the number.
        note: A sentence on the convention, where conventions differ.
        reference: What the number is held against, where that is not a row beside it.
    """

    value: float
    name: str
    unit: str = ""
    better: Better = "neither"
    bounds: tuple[float | None, float | None] = (None, None)
    low: float | None = None
    high: float | None = None
    interval: str = ""
    n: int = 0
    note: str = ""
    reference: Reference | None = None


class Undefined(Record):
    """A measure that these samples do not define, and why."""

    name: str
    why: str


class Row(Record):
    """A named row of a table of measures: a model, a topic, or a baseline beside it.

    Attributes:
        undefined: What was asked for and is not defined on these samples.
        beside: Of a baseline, the row that it is held against; empty where that is every row.
    """

    name: str
    measures: tuple[Measure, ...]
    note: str = ""
    undefined: tuple[Undefined, ...] = ()
    beside: str = ""

    def __getitem__(self, name: str) -> Measure:
        for measure in self.measures:
            if measure.name == name:
                return measure
        raise KeyError(name)


class Provenance(Record):
    """What every figure and table carries in small print.

    Attributes:
        resize: Rule by which the images were brought to a size; ``none`` where they have their own,
            empty where that is not known.
        model_sha256: Hash of the model's weights, which its name may share with others; empty where
            that is not known.
        precision: Number format in which the model's networks ran: ``fp32`` or ``bf16``.
        settings: How else they ran, where that may change what comes out: ``tiling=256`` say.
    """

    model: str
    recipe: str
    data: str
    split: str
    n: int
    seed: int
    posterior: Literal["mean", "sample"] = "mean"
    latent_shape: tuple[int, ...] = ()
    fingerprint: str = ""
    resize: str = ""
    model_sha256: str = ""
    precision: Literal["fp32", "bf16"] = "fp32"
    settings: str = ""
