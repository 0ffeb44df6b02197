"""What each verb returns."""

from typing import ClassVar, Literal

from pydantic import Field

from latentscape.records.measure import Measure, Provenance, Row, Undefined
from latentscape.records.record import Array, Record


class HistoryRecord(Record):
    """A row an epoch, as columns: every loss term, rate, distortion, active units, speed."""

    kind: ClassVar[str] = "history"
    columns: dict[str, tuple[float, ...]]


class RunRecord(Record):
    """A finished (or stopped) training run.

    Attributes:
        folder: Where the run lies.
        history: One column a quantity, one row an epoch.
        test: Test-split measures of the final model; every number with unit and direction.
        stopped: Why training ended: ``finished``, ``early stopping``, ``interrupted``.
        n_images: Number of images by split, as ``train``, ``val`` and ``test``.
        beta: The weight of the rate by the form of the loss, this program's and others'.
    """

    kind: ClassVar[str] = "run"
    folder: str
    provenance: Provenance
    config: dict
    n_parameters: int
    history: HistoryRecord
    test: tuple[Measure, ...]
    images_per_second: float
    stopped: str
    device: str
    precision: str
    n_images: dict[str, int] = Field(default_factory=dict)
    beta: dict[str, float] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class StoreRecord(Record):
    """A latent store that `encode` wrote.

    ``n_triplets`` counts the motion triplets whose ``latent1..3.npy`` were written besides.
    """

    kind: ClassVar[str] = "store"
    folder: str
    provenance: Provenance
    n: int
    latent_shape: tuple[int, ...]
    n_shards: int
    bytes: int
    resumed_shards: int = 0
    images_per_second: float = 0.0
    n_triplets: int = 0


class ReconstructionRecord(Record):
    """Reconstruction measures of one model on one split, beside honest baselines.

    Attributes:
        model_row: The model's measures.
        baselines: Mean image, PCA with as many numbers, JPEG at the nearest size.
        per_image: Column name to (n,) array; one value an image.
        sample_ids: Identity of each row of ``per_image``.
        groups: Group of each (clip, artist); empty where there are none.
        grouping: What one of the groups is called: ``group``, ``scene`` or ``shot``; empty where
            there are none, and in older records.
        originals, reconstructions: uint8 ``n channels height width``, a random handful.
        worst_originals, worst_reconstructions: The same, worst squared error first.
        shown_ids, worst_ids: Their identities.
        warnings: What is said of each sign of collapse in the model's row.
        likelihood: Of the model, with its scale where that is stated: ``gaussian-fixed, σ 1``.
        objective: Settings of the recipe's terms the model was trained by, e.g. ``beta``.
        stated: What numbers rest on, in words: ``posterior``, ``size``, ``resize``, ``clamped``,
            ``rounded``, ``lpips``.
        splits, films: Split of each image, where there are several; its film, where it has one.
        by_split: The measures split by split, of a record of all.
        split_baselines: Those of each baseline, ``beside`` the split.
        grouped_by: What ``by_group`` goes by: ``film``, ``group`` or nothing.
        by_group: The measures group by group, those with the largest error where there are many.
        part_originals, part_reconstructions: uint8, a few of each split and group.
        part_ids: Their identities.
    """

    kind: ClassVar[str] = "reconstruction"
    provenance: Provenance
    model_row: Row
    baselines: tuple[Row, ...]
    per_image: dict[str, Array]
    sample_ids: tuple[str, ...]
    originals: Array
    reconstructions: Array
    shown_ids: tuple[str, ...]
    worst_originals: Array
    worst_reconstructions: Array
    worst_ids: tuple[str, ...]
    groups: tuple[str, ...] = ()
    grouping: str = ""
    warnings: tuple[str, ...] = ()
    likelihood: str = ""
    objective: dict = Field(default_factory=dict)
    stated: dict[str, str] = Field(default_factory=dict)
    splits: tuple[str, ...] = ()
    films: tuple[str, ...] = ()
    by_split: tuple[Row, ...] = ()
    split_baselines: tuple[Row, ...] = ()
    grouped_by: Literal["film", "group", ""] = ""
    by_group: tuple[Row, ...] = ()
    part_originals: Array | None = None
    part_reconstructions: Array | None = None
    part_ids: tuple[str, ...] = ()


class MapRecord(Record):
    """A 2-D projection of latents and how much it lies.

    Attributes:
        method: ``pca``, ``pacmap``, ``umap``, ``tsne``, ``isomap``, ``lle`` or ``latent`` (two
            latents as they are).
        positions: (n, 2) float32.
        labels: (n,) integer class of each sample, −1 where unknown.
        faithfulness: The map's own measures.
        baselines: The same measures of PCA and of a random projection.
        axes: What the two axes are, where they mean something.
        seconds: That the layout took, the search for neighbours not counted.
        prior_matched: Whether training drew the model's latents towards N(0, I).
        trust: (n,) trustworthiness of each single point, by ``trust_k`` neighbours: 1 where its
            neighbours on the map are true, about .5 where they are anyone; None where undefined.
        neighbours: How the true neighbours were found.
    """

    kind: ClassVar[str] = "map"
    provenance: Provenance
    method: str
    parameters: dict
    positions: Array
    labels: Array
    class_names: tuple[str, ...]
    sample_ids: tuple[str, ...]
    faithfulness: Row
    baselines: tuple[Row, ...]
    axes: tuple[str, str] = ("", "")
    seconds: float = 0.0
    prior_matched: bool = True
    trust: Array | None = None
    trust_k: int = 0
    neighbours: str = ""


class MapsRecord(Record):
    """Several maps of the same latents, made from one graph of neighbours.

    Attributes:
        maps: One a method.
        left_out: Methods that these latents do not suit, and why.
        seconds: That the search for neighbours took, once for all.
    """

    kind: ClassVar[str] = "maps"
    provenance: Provenance
    maps: tuple[MapRecord, ...]
    left_out: tuple[Undefined, ...] = ()
    seconds: float = 0.0


class SheetRecord(Record):
    """A grid of decoded images: samples or a manifold.

    Attributes:
        name: ``prior``, ``mixture``, ``manifold-prior`` or ``manifold-aggregate``.
        images: uint8 ``rows·columns channels height width``, row by row, top to bottom.
        latents: The latent behind each image, ``rows·columns *latent``.
        x, y: Latent coordinate of each column and each row (manifolds; y from top to bottom).
        axes: What x and y are coordinates on.
        prior_matched: Whether training drew the model's latents towards N(0, I).
    """

    kind: ClassVar[str] = "sheet"
    provenance: Provenance
    name: str
    title: str
    note: str
    images: Array
    latents: Array
    rows: int
    columns: int
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    axes: tuple[str, str] = ("latent 1", "latent 2")
    prior_matched: bool = True


class TrajectoryRecord(Record):
    """Trajectories between pairs of samples, decoded.

    Attributes:
        method: Name of the interpolator.
        criterion: How the pairs were chosen.
        pairs: (start, end) sample ids.
        latents: ``pairs steps *latent``; both ends exact.
        frames: uint8 ``pairs steps channels height width``.
        originals: uint8 ``pairs 2 channels height width``: the two images themselves.
        through: Ids of the samples that the one way goes through, both ends counted; empty where
            it goes between pairs.
        key_steps: The frame that stands nearest to each of them.
        key_originals: uint8 ``keys channels height width``: their images.
    """

    kind: ClassVar[str] = "trajectory"
    provenance: Provenance
    method: str
    criterion: str
    n_steps: int
    pairs: tuple[tuple[str, str], ...]
    pair_labels: tuple[tuple[str, str], ...]
    latents: Array
    frames: Array
    originals: Array
    through: tuple[str, ...] = ()
    key_steps: tuple[int, ...] = ()
    key_originals: Array | None = None


class InfoRecord(Record):
    """What a thing is: data, run, folder of runs or records, model, store, record or report."""

    kind: ClassVar[str] = "info"
    thing: str
    what: Literal[
        "data", "run", "folder of runs", "folder of records", "model", "store", "record", "report"
    ]
    facts: dict[str, str | int | float | None]


class ReportRecord(Record):
    """A written report."""

    kind: ClassVar[str] = "report"
    path: str
    runs: tuple[str, ...]
    n_figures: int
    bytes: int


class DemoRecord(Record):
    """The folder the demo filled, and its runs."""

    kind: ClassVar[str] = "demo"
    folder: str
    runs: tuple[RunRecord, ...]
    seconds: float
