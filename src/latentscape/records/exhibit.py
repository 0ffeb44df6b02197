"""What the explorer is told of runs: cards of what there is, and the bodies of its answers.

The wire between Python and the page is made of these: their JSON schema becomes TypeScript. Arrays
travel beside them in a packet (`pack`), never inside.
"""

from typing import Literal, NamedTuple

from pydantic import Field

from latentscape.records.measure import Better, Measure, Provenance, Row
from latentscape.records.record import Record

Lifting = Literal["exact", "inverse", "neighbours"]
ImageKind = Literal["original", "reconstruction"]
FilmKind = Literal["gif", "mp4", "npz"]


# Of a journey its frames and samples on the way; of a decoded grid its tiles each way, and the
# pixels of the sheet and of the smallest tile.
FEWEST_STEPS, MOST_STEPS, MOST_KEYS = 3, 64, 12
MOST_TILES, SHEET, SMALLEST_TILE = 40, 1_280, 16


def tile_side(side: int) -> int:
    """Most pixels of each tile of a grid of `side` tiles each way."""
    return max(SMALLEST_TILE, SHEET // side)


class Journey(NamedTuple):
    """Rows of the samples on the way, the interpolator, and how many frames."""

    rows: tuple[int, ...]
    method: str
    n_steps: int


class Ability(Record):
    """Whether something can be done with an exhibit, and why not.

    Attributes:
        why: Empty where it is possible.
        hint: How it would become possible.
    """

    possible: bool
    why: str = ""
    hint: str = ""


class ColumnCard(Record):
    """A number or a category of every sample, by which a map may be coloured.

    Attributes:
        name: As it is asked for: ``label``, ``rate``, ``psnr``, ``trust-digits-test-pca``.
        meaning: One sentence: what it is, and of what.
        categories: Name of each code of a category; a code of −1 is unknown.
        low, high: Quantiles .01 and .99 of the finite values, between which colours run.
        n_missing: Samples without a value.
        map: The only map whose samples it is defined on; empty where it is of the exhibit.
    """

    name: str
    title: str
    form: Literal["number", "category"]
    unit: str = ""
    better: Better = "neither"
    meaning: str = ""
    categories: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    n_missing: int = 0
    map: str = ""


class MapCard(Record):
    """A map: where samples lie on the plane, how much it lies, and how to come back from it.

    Attributes:
        name: As it is asked for; the stem of its record.
        n: Points on it; each is a sample of the exhibit.
        axes: What the axes are, where they mean something.
        faithfulness: Its own measures; ``baselines`` the same of PCA and a random projection.
        lifting: How a place on it becomes a latent: ``exact`` (two latents as they are),
            ``inverse`` (of a linear projection; the rest at its mean), ``neighbours`` (latents of
            the points around, weighted by nearness).
        lifting_words: The same in a sentence.
        placing_words: How a latent finds its place on the map, in a sentence; empty where it
            cannot.
        manifold: Whether a decoded grid can lie under it.
    """

    name: str
    method: str
    title: str
    n: int
    axes: tuple[str, str] = ("", "")
    faithfulness: Row | None = None
    baselines: tuple[Row, ...] = ()
    lifting: Lifting = "neighbours"
    lifting_words: str = ""
    placing_words: str = ""
    manifold: bool = False


class WayCard(Record):
    """A way to travel: an interpolator by name, in a sentence, and whether it takes long."""

    name: str
    meaning: str
    slow: bool = False


class ExhibitCard(Record):
    """One run's latents as the explorer shows them.

    Attributes:
        key: By which it is asked for: ``0``, ``1`` ...
        name: Of the run, as the user named it.
        n: Samples of its store.
        image_shape: channels, height, width; None where there are no images at hand.
        abilities: By name: ``images``, ``reconstructions``, ``decode``, ``encode``, ``travel``,
            ``dials``, ``motion``, ``training``; ``films`` where they cannot be saved.
        warnings: What the run's own records warn of, e.g. signs of collapse.
    """

    key: str
    name: str
    provenance: Provenance
    n: int
    latent_shape: tuple[int, ...]
    image_shape: tuple[int, int, int] | None = None
    class_names: tuple[str, ...] = ()
    maps: tuple[MapCard, ...] = ()
    columns: tuple[ColumnCard, ...] = ()
    ways: tuple[WayCard, ...] = ()
    abilities: dict[str, Ability] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Exhibition(Record):
    """All that was opened together.

    Attributes:
        comparable: Whether exhibits share samples, so that views of them can be linked.
    """

    version: str
    exhibits: tuple[ExhibitCard, ...]
    comparable: Ability = Ability(possible=False)


class SampleNumber(Record):
    """A column's value of one sample; None where it has none."""

    name: str
    value: float | None = None
    text: str = ""


class SampleCard(Record):
    """One sample: identity, where it is from, its numbers and its nearest in the latent space."""

    row: int
    sample_id: str
    label: int
    group: str = ""
    split: str = ""
    numbers: tuple[SampleNumber, ...] = ()
    neighbours: tuple[int, ...] = ()
    distances: tuple[float, ...] = ()


class Found(Record):
    """Samples that a search found, best first; ``n`` counts all of them."""

    rows: tuple[int, ...]
    sample_ids: tuple[str, ...]
    n: int


class Look(Record):
    """What lies at a place of a map.

    Attributes:
        reliability: 0…1: how far what is shown can be taken for what the model has there. 1 where
            the place is a latent itself; elsewhere the share of the latent spread that the points
            around agree on, and less the farther they are.
        nearest: Row of the nearest point of the map.
        words: One sentence for the reader.
    """

    lifting: Lifting
    reliability: float
    nearest: int
    words: str = ""


class Series(Record):
    """A curve over the steps of a trajectory, with what it is held against."""

    name: str
    title: str
    unit: str
    values: tuple[float | None, ...]
    null: tuple[float | None, ...] = ()
    null_words: str = ""


class Travel(Record):
    """One trajectory, judged.

    Attributes:
        rows: Samples it goes through.
        method: Name of the interpolator.
        n_steps: Frames; ``key_steps`` the frame nearest to each sample.
        places: By map, x and y of each frame where the map can place latents.
        series: Style curve, blend, off-blend ...
        numbers: The panel's.
        verdict: ``dissolve``, ``morph``, ``cut`` ...; ``verdict_words`` says why.
    """

    rows: tuple[int, ...]
    method: str
    n_steps: int
    key_steps: tuple[int, ...]
    places: dict[str, tuple[tuple[float, float], ...]] = Field(default_factory=dict)
    series: tuple[Series, ...] = ()
    numbers: tuple[Measure, ...] = ()
    verdict: str = ""
    verdict_words: str = ""
    pattern: str = ""


class DialCard(Record):
    """A direction in the latent space along which one can turn.

    A latent z stands at direction · (z − centre) on it; to turn it by v is to add v · direction.

    Attributes:
        family: ``latents``, ``principal axes`` or ``attributes``.
        low, high: Between which the split's samples lie, quantiles .01 and .99.
        rate: By which dials are sorted, ``rate_unit`` says in what.
    """

    name: str
    title: str
    family: Literal["latents", "principal axes", "attributes"]
    low: float
    high: float
    rate: float
    rate_unit: str = "nat"
    meaning: str = ""


class Dials(Record):
    """All dials of an exhibit; a packet beside holds ``directions`` (k, D) and ``centre`` (D,)."""

    dials: tuple[DialCard, ...]
    note: str = ""


class Dropped(Record):
    """An image that was handed in, encoded.

    Attributes:
        places: By map, where it lands; maps that cannot place latents are left out.
        numbers: Its rate, reconstruction error ...
        neighbours: Rows of the nearest samples in the latent space; ``distances`` to them.
        words: What was done to fit it to the model.
    """

    places: dict[str, tuple[float, float]]
    numbers: tuple[Measure, ...]
    neighbours: tuple[int, ...]
    distances: tuple[float, ...]
    words: str = ""


class MotionCard(Record):
    """Triplets and shots of an exhibit.

    A packet beside holds ``triplets`` (m, 3) rows, ``flow`` (m,) mean length of the optical flow
    from first to last in pixels (NaN where not known), ``displacement`` (m,) ‖z3 − z1‖,
    ``courses`` rows of all shots one after another, and ``lengths`` of the shots.

    Attributes:
        names: Of the triplets; ``shots`` of the shots.
        predictor: Name of the predictor whose middles can be shown; empty where there is none.
    """

    names: tuple[str, ...]
    shots: tuple[str, ...]
    numbers: tuple[Measure, ...] = ()
    predictor: str = ""


class Epochs(Record):
    """Training, epoch by epoch.

    A packet beside holds ``positions`` (epochs, n, 2) and ``labels`` (n,).

    Attributes:
        epochs: Number of each.
        curves: By column of the history, a value an epoch.
        units: By column, where it has one.
        axes: What the positions are.
        has_picture: Whether epochs have prediction matrices to show.
    """

    epochs: tuple[int, ...]
    curves: dict[str, tuple[float | None, ...]]
    units: dict[str, str] = Field(default_factory=dict)
    axes: str = ""
    has_picture: bool = False


class Side(Record):
    """One exhibit in a comparison: a packet beside holds ``positions-KEY`` (n, 2), aligned."""

    key: str
    name: str
    map: str
    disparity: float | None = None


class SideBySide(Record):
    """Exhibits compared: ``rows-KEY`` of the packet is (n,), row by row the same sample in each.

    Attributes:
        measures: A row of the table each: name, unit, better side, and a measure by exhibit's key.
        topics: Of each row, what it is of: ``reconstruction``, ``structure`` ...
        best: By measure, keys that no other is told apart from.
    """

    sides: tuple[Side, ...]
    n: int
    measures: tuple[dict[str, Measure], ...] = ()
    topics: tuple[str, ...] = ()
    best: tuple[tuple[str, ...], ...] = ()
    words: str = ""


class Manifold(Record):
    """A decoded grid over a part of a map, row by row from the top; its images travel beside.

    Attributes:
        x: Of the middles of the first and the last column.
        y: Of the middles of the top and the bottom row.
    """

    columns: int
    rows: int
    x: tuple[float, float]
    y: tuple[float, float]


class Middles(Record):
    """Frames of one triplet as ``names`` say: first, true middle, last, then what was guessed.

    Attributes:
        errors: Of each that was guessed, its mean squared error against the true middle; None of
            the others.
    """

    names: tuple[str, ...]
    errors: tuple[float | None, ...]
    words: str = ""
