"""Trajectories judged: style beside the dissolve, panel, geometry and verdict of a few ways."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import ModelError
from latentscape.models import OpenModel
from latentscape.nn.style_nets import Precision, StyleNet
from latentscape.trajectories import Crowd
from latentscape.trajectories.geometry import Geometry, cycle_levels, geometry
from latentscape.trajectories.log_density import LogDensity, log_density
from latentscape.trajectories.neighbourhood import Neighbourhood
from latentscape.trajectories.panel import SAME, Panel, dissolve_panel
from latentscape.trajectories.style import StyleCurves, style_curves, style_curves_and_null
from latentscape.trajectories.verdict import verdicts

BATCH = 256
N_LEVEL = 500  # samples that set the level of the cycle error


@dataclass(frozen=True)
class Judged:
    """What is said of a few trajectories.

    Attributes:
        curves, nulls: Style curves, and those of the cross-dissolves of the decoded ends.
        panel: Dissolve or morph.
        names: (pairs,) verdicts.
        geometry: Among latents and images.
    """

    curves: StyleCurves
    nulls: StyleCurves
    panel: Panel
    names: np.ndarray
    geometry: Geometry


@dataclass(frozen=True)
class Judge:
    """Decodes and judges ways of one model; what it holds them against is found once.

    Attributes:
        model: Whose latents they are.
        crowd: The samples around.
        net: In which style is read.
        preset: How the style loss is written.
        precision: Of the style net.
        n_level: Samples that set the level of the cycle error.
        seed: Of whatever is drawn.
    """

    model: OpenModel
    crowd: Crowd
    net: StyleNet
    preset: str = "gatys"
    precision: Precision = "fast"
    n_level: int = N_LEVEL
    seed: int = 0

    def judged(
        self,
        ways: np.ndarray,
        frames: Tensor,
        *,
        truth: Tensor | None = None,
        ceiling: Tensor | None = None,
    ) -> Judged:
        """What is said of ways.

        Args:
            ways: ``pairs steps *latent``.
            frames: What they decode to, see `frames`.
            truth: True frames in their shape, where these are known.
            ceiling: The true frames, encoded and decoded.
        """
        curves, nulls = style_curves_and_null(
            frames, self.net, preset=self.preset, precision=self.precision
        )
        told = geometry(
            ways, frames, density=self.density, data=self.neighbourhood, encode=self.encode,
            seed=self.seed,
        )  # fmt: skip
        assert told.cycle is not None
        panel = dissolve_panel(
            frames,
            cycle=told.cycle,
            cycle_level=cycle_levels(ways, told.cycle, level=self.cycle_level),
            neighbours=told.neighbours,
            truth=truth,
            ceiling=ceiling,
        )
        return Judged(
            curves=_stilled(curves, frames),
            nulls=_stilled(nulls, frames[:, [0, -1]]),
            panel=panel,
            names=verdicts(panel),
            geometry=told,
        )

    @torch.inference_mode()
    def frames(self, ways: np.ndarray) -> Tensor:
        """Decoded, ``pairs steps channels height width`` in [0, 1]; NaN stays NaN."""
        autoencoder = self.model.autoencoder
        flat = torch.from_numpy(ways.reshape(-1, *ways.shape[2:]).astype(np.float32))
        images = [autoencoder.decode(part.to(autoencoder.device)) for part in flat.split(BATCH)]
        return torch.cat(images).float().clamp(0, 1).cpu().unflatten(0, ways.shape[:2])

    @torch.inference_mode()
    def encode(self, images: Tensor) -> Tensor:
        """Posterior means of ``batch channels height width`` in [0, 1]."""
        autoencoder = self.model.autoencoder
        parts = [autoencoder.encode(p.to(autoencoder.device)).mean for p in images.split(BATCH)]
        return torch.cat(parts).float().cpu()

    def again(self, images: Tensor) -> Tensor:
        """Images encoded and decoded."""
        return self.frames(self.encode(images).numpy()[:, None])[:, 0]

    def style(self, frames: Tensor) -> np.ndarray:
        """(pairs, steps − 1) style curves alone."""
        found = style_curves(frames, self.net, preset=self.preset, precision=self.precision)
        return found.total.numpy()

    @cached_property
    def density(self) -> LogDensity:
        """log p around the samples' own latents."""
        return log_density(self.crowd.latents, seed=self.seed)

    @cached_property
    def neighbourhood(self) -> Neighbourhood:
        """The samples' own latents, to be near to."""
        return Neighbourhood.of(self.crowd.latents, seed=self.seed)

    @cached_property
    def cycle_level(self) -> float:
        """Median ‖E(D(z)) − z‖ of a seeded choice of the samples themselves."""
        rows = np.random.default_rng(self.seed).permutation(len(self.crowd))[: self.n_level]
        latents = self.crowd.latents[np.sort(rows)]
        again = self.encode(self.frames(latents[:, None])[:, 0]).numpy()
        apart = np.linalg.norm((again - latents).reshape(len(latents), -1), axis=1)
        if not np.isfinite(apart).any():
            raise ModelError(
                f"the model {self.model.name} decodes to values that are not finite",
                "its training broke down: look at its loss curves, and train again",
            )
        return float(np.median(apart[np.isfinite(apart)]))


def _stilled(curves: StyleCurves, frames: Tensor) -> StyleCurves:
    """Curves of ways that show one picture are 0: what else they hold is rounding."""
    still = (frames - frames[:, :1]).abs().flatten(1).amax(1) < SAME
    return replace(
        curves,
        total=curves.total.masked_fill(still[:, None], 0),
        per_layer=curves.per_layer.masked_fill(still[:, None, None], 0),
    )
