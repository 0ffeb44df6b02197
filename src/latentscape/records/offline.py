"""What an exported page is told beside its arrays; `web/src/source/offline` reads it."""

from latentscape.records.exhibit import Dials, Epochs, Exhibition
from latentscape.records.measure import Measure
from latentscape.records.record import Record


class OfflineSamples(Record):
    """(n,) texts of each sample."""

    ids: tuple[str, ...]
    groups: tuple[str, ...]
    splits: tuple[str, ...]


class OfflineSheets(Record):
    """How many images lie on a few large pictures, row by row.

    Attributes:
        columns, tiles: Images in a row, and on one picture.
        type: Media type of the pictures.
    """

    n: int
    width: int
    height: int
    channels: int
    columns: int
    tiles: int
    type: str


class Offline(Record):
    """Everything of an exported page but arrays, pictures and networks.

    A packet beside holds ``latents`` (n, D), ``labels`` (n,), ``column-NAME``, ``positions-MAP``
    and ``rows-MAP``; of linear maps ``mean-MAP`` and ``components-MAP``; ``directions`` and
    ``centre`` of the dials; ``way-centre`` (D,) about which arcs are drawn; ``epoch-positions``,
    ``epoch-labels`` and ``epoch-NUMBER`` of training.

    Attributes:
        exhibition: With one exhibit, whose rows are the samples of the file.
        explained: Of linear maps, the share of the variance on their plane.
        decoded: Channels, height and width of what the decoder makes; None without one.
        measures: What the catalogue says of the numbers that the page works out.
    """

    exhibition: Exhibition
    samples: OfflineSamples
    explained: dict[str, float]
    measures: dict[str, Measure]
    dials: Dials | None = None
    epochs: Epochs | None = None
    sheets: OfflineSheets | None = None
    decoded: tuple[int, int, int] | None = None
