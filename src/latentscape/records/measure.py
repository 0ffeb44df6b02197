"""A number that can be read alone: unit, direction, bounds, interval."""

from typing import Literal

from latentscape.records.record import Record

Better = Literal["higher", "lower", "neither"]


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


class Row(Record):
    """A named row of a table of measures: a model, or a baseline beside it."""

    name: str
    measures: tuple[Measure, ...]
    note: str = ""

    def __getitem__(self, name: str) -> Measure:
        for measure in self.measures:
            if measure.name == name:
                return measure
        raise KeyError(name)


class Provenance(Record):
    """What every figure and table carries in small print."""

    model: str
    recipe: str
    data: str
    split: str
    n: int
    seed: int
    posterior: Literal["mean", "sample"] = "mean"
    latent_shape: tuple[int, ...] = ()
    fingerprint: str = ""
