"""What an eye would tell of reconstructions: LPIPS in both ranges, and chamfer of line art.

They stand beside the pixel measures of the model and of its baselines, of the same images. A net
looks at every image, so that of many images a seeded choice is measured.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import ModelError, UsageError, nearest
from latentscape.metrics.line_art import chamfer, chamfer_refusal
from latentscape.nn.lpips import HEADS, SIDE, Lpips, lpips
from latentscape.nn.squeezenet import SQUEEZENET_WEIGHTS
from latentscape.records import Undefined
from latentscape.shapes import ImageShape

NAMES = ("lpips", "chamfer")
WORDS = ("auto", "plain", "all", *NAMES)
MOST = 1000  # images that LPIPS is measured of, where it was not asked for by name
CHUNK_VALUES = 1 << 22  # of images that a net sees at once
LACKING = (
    "SqueezeNet's weights or the LPIPS heads are not on this machine; `--measures lpips` "
    "fetches them"
)


@dataclass
class Seen:
    """Columns of a reconstruction's batch, by name; NaN of images that were not chosen.

    Attributes:
        net: LPIPS, where it is measured.
        lines: Whether chamfer is measured.
        chosen: (n,) whether LPIPS is measured of the image at each place.
        missing: What was wanted and cannot be had, and why.
        words: The net and its weights; empty without.
    """

    chosen: np.ndarray
    net: Lpips | None = None
    lines: bool = False
    missing: tuple[Undefined, ...] = ()
    _kept: tuple[int, list[list[Tensor]]] | None = field(default=None, init=False, repr=False)

    @property
    def words(self) -> str:
        """Net, heads and how images enter."""
        return "" if self.net is None else self.net.words

    def model(
        self, places: np.ndarray, originals: Tensor, reconstructions: Tensor
    ) -> dict[str, np.ndarray]:
        """All columns of a batch of the model's, pixels in [0, 1].

        Args:
            places: Of the images among those that are scored.
            originals, reconstructions: ``batch channels height width``.
        """
        return self._columns(places, originals, reconstructions.clamp(0, 1), both=True)

    def baseline(
        self, places: np.ndarray, originals: np.ndarray, reconstructions: np.ndarray
    ) -> dict[str, np.ndarray]:
        """The same of a baseline's batch, without LPIPS of [0, 1], which is of published tables."""
        pair = torch.from_numpy(originals), torch.from_numpy(reconstructions)
        return self._columns(places, *pair, both=False)

    @torch.inference_mode()
    def _columns(
        self, places: np.ndarray, x: Tensor, y: Tensor, *, both: bool
    ) -> dict[str, np.ndarray]:
        columns: dict[str, np.ndarray] = {}
        if self.net is not None:
            rows = np.flatnonzero(self.chosen[places])
            found = self._distances(int(places[0]) if len(places) else 0, x[rows], y[rows], both)
            for name, values in found.items():
                columns[name] = np.full(len(places), np.nan)
                columns[name][rows] = values
        if self.lines:
            columns["chamfer"] = chamfer(x.cpu().numpy(), y.cpu().numpy())
        return columns

    def _distances(self, start: int, x: Tensor, y: Tensor, both: bool) -> dict[str, np.ndarray]:
        """LPIPS of a batch, a chunk at a time; what was seen of the originals is kept for the next
        batch of the same images, where it is small.

        Inputs in [0, 1] where the net expects [−1, 1] are inputs (x + 1) / 2 to a net that takes
        [0, 1] and scales them itself.
        """
        assert self.net is not None
        n = max(1, CHUNK_VALUES // max(1, x[0].numel())) if len(x) else 1
        device = self.net.net.mean.device
        known = self._kept[1] if self._kept and self._kept[0] == start else None
        seen, values = [], {name: [] for name in ("lpips", *(("lpips01",) if both else ()))}
        for i, (a, b) in enumerate(zip(x.split(n), y.split(n), strict=True)):
            a, b = a.to(device), b.to(device)
            first = known[i] if known else self.net.seen(a)
            values["lpips"].append(self.net.between(first, self.net.seen(b)))
            if both:
                pair = self.net.seen((a + 1) / 2), self.net.seen((b + 1) / 2)
                values["lpips01"].append(self.net.between(*pair))
            seen.append(first)
        self._kept = (start, seen) if len(seen) == 1 and not both else None
        return {
            name: torch.cat(parts).double().cpu().numpy() if parts else np.zeros(0)
            for name, parts in values.items()
        }


def seen_by(
    measures: str, shape: ImageShape, *, n: int, seed: int, device: torch.device | str = "cpu"
) -> Seen:
    """What of the images is looked at.

    Args:
        measures: ``auto``: both of RGB images of 64 pixels and more, LPIPS where its weights are
            on this machine and of at most 1,000 images; ``plain``: neither; ``all``, or ``lpips``
            and ``chamfer`` by commas: these of every image, gray and small ones too.
        shape: Of an image.
        n: Images that are scored.
        seed: Of the choice among them.
        device: Where the net is to run.

    Raises:
        UsageError: If there is no such measure, or the images are too small for it.
        ModelError: If LPIPS was asked for by name, and its weights cannot be had.
    """
    names = names_of(measures)
    asked = measures != "auto"
    if not asked and (shape.channels != 3 or min(shape.height, shape.width) < SIDE):
        names = ()
    whole = np.ones(n, bool)
    lines = "chamfer" in names
    if lines and (reason := chamfer_refusal(shape.height, shape.width)):
        raise UsageError(reason, "leave chamfer out of --measures")
    if "lpips" not in names:
        return Seen(whole, lines=lines)
    try:
        net = _net(fetch=asked)
    except ModelError as error:
        if asked:
            raise
        return Seen(whole, lines=lines, missing=(Undefined(name="lpips", why=error.message),))
    if not asked and n > MOST:
        whole[np.random.default_rng(seed).permutation(n)[MOST:]] = False
    return Seen(whole, net.to(device), lines)


def names_of(measures: str) -> tuple[str, ...]:
    """The measures that a word stands for.

    Raises:
        UsageError: If there is no such measure; the nearest is named.
    """
    words = tuple(filter(None, measures.split(",")))
    unknown = next((word for word in words if word not in WORDS), None if words else measures)
    if unknown is not None or (len(words) > 1 and set(words) - set(NAMES)):
        wrong = unknown if unknown is not None else measures
        raise UsageError(f"there is no measure {wrong!r}", nearest(wrong, WORDS))
    if words == ("plain",):
        return ()
    return NAMES if words in (("auto",), ("all",)) else words


def _net(*, fetch: bool) -> Lpips:
    """LPIPS with its learned heads, never without.

    Raises:
        ModelError: If weights cannot be had, or are damaged.
    """
    for published in (SQUEEZENET_WEIGHTS, HEADS["squeeze"]):
        if published.find() is None:
            if not fetch:
                raise ModelError(LACKING, "ask for it with --measures lpips")
            published.fetch()
    return lpips("squeeze")
