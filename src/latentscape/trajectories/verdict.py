"""Dissolve, blurred dissolve, cut, morph or mixed: the names, and every threshold behind them.

The numbers in the panel are what was measured; a name is a convention about them. The thresholds
of the dissolve and of the cut are those proposed with the panel (METHODS §4.3). Those of the
morph can be had in two forms:

- ``proposed``: median off-blend energy over .2, contrast kept to ± .3, half as long again as the
  chord. It fits a thing that moves clear of where it was without growing or changing colour; of
  exact in-between frames that do all of it, a quarter are "mixed", because ends that overlap
  bound the off-blend energy and a growing thing changes its contrast. A way through a third
  image by two dissolves passes for a morph where that image has contrast enough (1 in 10).
- ``turning``, the default: on any way made of dissolves the frames go straight on in pixel space
  but for one corner at each image they pass through, and one corner turns by at most π. A way
  that turns by more than π, that leaves the blend line twice as far as a dissolve may, and loses
  less contrast than a dissolve must, is a morph.
"""

from dataclasses import replace
from typing import Literal

import numpy as np

from latentscape.errors import UsageError, nearest
from latentscape.trajectories.panel import Panel

VERDICTS = ("dissolve", "blurred dissolve", "cut", "morph", "mixed", "undefined")
Rule = Literal["turning", "proposed"]

ON_LINE = 0.05  # off-blend energy of a dissolve or a cut, at most; 3/4 is an unrelated image
IN_TIME = 0.10  # |α̂ − t| of a dissolve, at most: one step of ten
OUT_OF_TIME = 0.30  # |α̂ − t| of a cut, at least; .44 for one switch in ten frames
DISSOLVES = 0.70  # deficit of a dissolve, at least; 1 exactly for a plain one
BLURS = 1.15  # deficit beyond which a dissolve also blurs
KEEPS = 0.30  # deficit of what keeps its contrast, at most
OFF_LINE = 0.20  # median off-blend energy of a morph, as proposed
WINDS = 1.50  # length over chord of a morph, at least
LEAVES_LINE = 2 * ON_LINE  # largest off-blend energy of a morph that turns
TURNS = np.pi  # radians; the most that a way through one other image by dissolves can turn
FEWEST_TO_TURN = 5  # frames: with fewer there are too few corners to pass π
DATA_LEVEL = 1.50  # cycle residual and neighbour distance of a morph over those of data, at most


def verdicts(panel: Panel, *, rule: Rule = "turning") -> np.ndarray:
    """What each trajectory is called.

    - *dissolve*: on the blend line, in time, contrast lost as in a dissolve; *blurred dissolve*:
      more contrast lost.
    - *cut*: on the blend line, out of time, contrast kept.
    - *morph*: see above; and between the ends no further from the data than `DATA_LEVEL` where
      cycle residuals or neighbour ratios were given.
    - *mixed*: anything else. *undefined*: `panel.unfit` says why.

    Args:
        panel: Of `dissolve_panel`.
        rule: Which morph; under five frames it is the proposed one in any case.

    Returns:
        (pairs,) strings out of `VERDICTS`.

    Raises:
        UsageError: If there is no such rule.
    """
    if rule not in ("turning", "proposed"):
        raise UsageError(f"there is no rule {rule!r}", nearest(rule, ("turning", "proposed")))
    undefined = panel.unfit != ""
    on_line = panel.off_blend_most < ON_LINE
    dissolve = on_line & (panel.blend_gap < IN_TIME) & (panel.deficit > DISSOLVES)
    cut = on_line & (panel.blend_gap > OUT_OF_TIME) & (panel.deficit < KEEPS)
    if rule == "turning" and panel.n_steps >= FEWEST_TO_TURN:
        morph = _turning_morph(panel)
    else:
        morph = _proposed_morph(panel)
    named = [
        (undefined, "undefined"),
        (dissolve & (panel.deficit > BLURS), "blurred dissolve"),
        (dissolve, "dissolve"),
        (cut, "cut"),
        (morph & _near_data(panel), "morph"),
    ]
    conditions, names = zip(*named, strict=True)
    return np.select(conditions, names, default="mixed")


def morphs_by_frames(panel: Panel) -> np.ndarray:
    """(pairs,) 1 where the frames alone make a morph, however far from data; NaN if undefined."""
    nowhere = np.full(len(panel), np.nan)
    names = verdicts(replace(panel, residual_ratio=nowhere, neighbours=nowhere))
    return np.where(names == "undefined", np.nan, names == "morph")


def _turning_morph(panel: Panel) -> np.ndarray:
    return (
        (panel.off_blend_most > LEAVES_LINE)
        & (panel.deficit < DISSOLVES)
        & (panel.path_ratio > WINDS)
        & (panel.turning > TURNS)
    )


def _proposed_morph(panel: Panel) -> np.ndarray:
    return (
        (panel.off_blend_median > OFF_LINE)
        & (np.abs(panel.deficit) < KEEPS)
        & (panel.path_ratio > WINDS)
    )


def _near_data(panel: Panel) -> np.ndarray:
    """True where nothing measured says otherwise."""
    return ~(panel.residual_ratio > DATA_LEVEL) & ~(panel.neighbours > DATA_LEVEL)


def reasons(panel: Panel, *, rule: Rule = "turning") -> tuple[str, ...]:
    """Why each trajectory is called what it is, in a sentence with its numbers."""
    return tuple(_reason(panel, i, name) for i, name in enumerate(verdicts(panel, rule=rule)))


def _reason(panel: Panel, i: int, name: str) -> str:
    if name == "undefined":
        return str(panel.unfit[i])
    off, gap = panel.off_blend_most[i], panel.blend_gap[i]
    deficit, turning = panel.deficit[i], panel.turning[i]
    lost = f"lose {100 * deficit:.0f} % of the contrast that a cross-dissolve loses"
    if deficit < 0:
        lost = "gain contrast where a cross-dissolve loses it"
    if name in ("dissolve", "blurred dissolve"):
        return (
            f"the frames stay on the blend line of their ends ({off:.2f} off it at most), keep its "
            f"time ({gap:.2f} off at most) and {lost}"
        )
    if name == "cut":
        return (
            f"the frames stay on the blend line of their ends ({off:.2f} off it at most) but "
            f"switch at once ({gap:.2f} of the time off), and {lost}"
        )
    told = f"the frames leave the blend line by {off:.2f}, turn by {turning:.1f} radians and {lost}"
    if name == "morph":
        return told
    ratios = (
        (panel.residual_ratio[i], "decoding and encoding again moves them {:.1f} times as far"),
        (panel.neighbours[i], "they lie {:.1f} times as far from data"),
    )
    far = [words.format(ratio) for ratio, words in ratios if ratio > DATA_LEVEL]
    if far and morphs_by_frames(panel)[i]:
        return f"{told}, as a morph does, but {' and '.join(far)} as data are"
    return f"{told}: neither as a dissolve nor as a morph does"
