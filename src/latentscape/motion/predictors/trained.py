"""Predictors that are trained: a net adds to the midpoint, and stops learning by other shots."""

import copy
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from latentscape.motion.predictors.predictor import FitConfig, Fitted, Predictor, Told, half_way
from latentscape.motion.predictors.scale import Scale, scale_of
from latentscape.motion.predictors.triplet_latents import TripletLatents, require_some

FEWEST_STEPS, MOST_STEPS = 25, 200  # of an epoch
MOST_VALIDATION = 1_000
AT_ONCE = 1 << 18  # places that a net is asked about at once
AVERAGE = 0.98  # of the weights so far, at each step
STEEPEST = 1.0  # norm of a gradient
BETTER = 1e-4  # by which an error must fall to count as better


class Architecture(NamedTuple):
    """A kind of net.

    Attributes:
        name: Of the predictor.
        build: Channels of a latent and its grid to a net from ``batch 2·channels height width``
            to ``batch channels height width`` whose last layer begins at zero.
        refusal: Why it does not apply to latents of a shape.
        crop: Side of the squares on which it is trained, where the grid is larger; None where it
            needs the whole grid.
    """

    name: str
    build: Callable[[int, tuple[int, int]], nn.Module]
    refusal: Callable[[tuple[int, ...]], str | None]
    crop: int | None = None


class Trained(Predictor):
    """Midpoint plus a net of the midpoint and of half the difference of both ends.

    Both are standardised by channel. The net begins at zero, as the linear predictor. It is
    trained by Adam on the squared error; its weights are averaged over the last steps, and those
    of the epoch with the least error on the validation triplets are kept: where no epoch is better
    than the line, the line. Without a time limit, so that the same seed gives the same net; epochs
    and steps are limited instead.

    Args:
        architecture: Which net.
        config: How it is trained.
    """

    def __init__(self, architecture: Architecture, config: FitConfig):
        self.name = architecture.name
        self.architecture = architecture
        self.config = config
        self._scale: Scale | None = None
        self._net = nn.Module()

    def refusal(self, latent_shape: tuple[int, ...]) -> str | None:
        """As the architecture says."""
        return self.architecture.refusal(latent_shape)

    def fit(
        self, train: TripletLatents, val: TripletLatents, *, progress: Told | None = None
    ) -> Fitted:
        """Train until the validation triplets gain no more."""
        self._require_fit(train)
        require_some(val, "val")
        config = self.config
        self._scale = scale_of(train)
        val = val.choice(MOST_VALIDATION, seed=config.seed)
        net = self._built(train.latent_shape)
        self._net = copy.deepcopy(net).eval()
        history, kept, best = [self.error(val)], copy.deepcopy(net.state_dict()), 0
        for better, state, error in self._epochs(net, train, val=val, least=history[0]):
            history.append(error)
            if better:
                kept, best = state, len(history) - 1
            if progress is not None:
                progress(len(history) - 1, config.epochs, f"epochs of {self.name}")
        self._net.load_state_dict(kept)
        n_parameters = sum(weight.numel() for weight in net.parameters()) if best else 0
        finite = tuple(error for error in history if np.isfinite(error))
        return Fitted(_words(best, history), n_parameters, finite)

    def state(self) -> dict[str, np.ndarray]:
        """Weights, and what inputs are divided by."""
        assert self._scale is not None, "fit comes first"
        weights = {f"net {k}": v.cpu().numpy() for k, v in self._net.state_dict().items()}
        return weights | self._scale.arrays()

    def restore(self, state: Mapping[str, np.ndarray], latent_shape: tuple[int, ...]) -> None:
        """A net with those weights."""
        self._scale = Scale.among(state)
        net = self._built(latent_shape)
        weights = {k[4:]: torch.from_numpy(v) for k, v in state.items() if k.startswith("net ")}
        net.load_state_dict(weights)
        self._net = net.eval()

    def _built(self, latent_shape: tuple[int, ...]) -> nn.Module:
        channels, *grid = latent_shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            height, width = grid or (1, 1)
            net = self.architecture.build(channels, (height, width)).to(self.config.device)
        return _channels_last(net)

    def _epochs(self, net: nn.Module, train: TripletLatents, *, val: TripletLatents, least: float):
        """Each epoch: whether it is the best so far, its averaged weights, its error."""
        config = self.config
        rng = np.random.default_rng(config.seed)
        descent = torch.optim.Adam(net.parameters(), lr=config.rate)
        slower = torch.optim.lr_scheduler.ReduceLROnPlateau(
            descent, factor=0.3, patience=max(1, config.patience // 3), threshold=BETTER
        )
        n_steps = min(max(-(-len(train) // config.batch_size), FEWEST_STEPS), MOST_STEPS)
        waited = 0
        for _ in range(config.epochs):
            for _ in range(n_steps):
                self._step(net, descent, batch=train.take(self._drawn(rng, len(train))), rng=rng)
            error = self.error(val)
            better = error < least * (1 - BETTER)
            least, waited = (error, 0) if better else (least, waited + 1)
            yield better, copy.deepcopy(self._net.state_dict()), error
            slower.step(error)
            if waited >= config.patience or not np.isfinite(error):
                return

    def _drawn(self, rng: np.random.Generator, n: int) -> np.ndarray:
        size = min(self.config.batch_size, n)
        return np.sort(rng.choice(n, size, replace=False))

    def _step(
        self,
        net: nn.Module,
        descent: torch.optim.Optimizer,
        *,
        batch: tuple[np.ndarray, np.ndarray],
        rng: np.random.Generator,
    ) -> None:
        assert self._scale is not None
        ends, middles = _cropped(*batch, self.architecture.crop, rng)
        if self.config.reverse:
            back = rng.random(len(ends)) < 0.5
            ends = np.where(back[:, None, None, None, None], ends[:, ::-1], ends)
        missed = (middles - half_way(ends)) / self._scale.residual[:, None, None]
        wanted = torch.from_numpy(missed).to(self.config.device)
        loss = (net(self._inputs(ends)) - wanted).square().mean()
        descent.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), STEEPEST)
        descent.step()
        with torch.no_grad():
            for slow, fast in zip(self._net.parameters(), net.parameters(), strict=True):
                slow.lerp_(fast, 1 - AVERAGE)

    def _inputs(self, ends: np.ndarray) -> Tensor:
        """``batch 2·channels height width``: the midpoint's channels, then half the change's."""
        assert self._scale is not None
        mean, std, change, _ = (part[:, None, None] for part in self._scale)
        lines, steps = half_way(ends), (ends[:, 1] - ends[:, 0]) / 2
        both = torch.from_numpy(np.concatenate([(lines - mean) / std, steps / change], axis=1))
        return both.to(self.config.device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def between(self, ends: np.ndarray) -> np.ndarray:
        """The midpoint and what the net adds; the mean of both directions of time."""
        assert self._scale is not None, "fit comes first"
        size = max(1, AT_ONCE // int(np.prod(ends.shape[3:])))
        added = [self._added(ends[i : i + size]) for i in range(0, len(ends), size)]
        residual = self._scale.residual[:, None, None]
        return half_way(ends) + residual * np.concatenate(added) if added else half_way(ends)

    def _added(self, ends: np.ndarray) -> np.ndarray:
        found = self._net(self._inputs(ends))
        if self.config.reverse:
            found = (found + self._net(self._inputs(ends[:, ::-1]))) / 2
        return found.cpu().numpy()


def _words(best: int, history: list[float]) -> str:
    """Which epoch's weights were kept, and whether training came to its end."""
    n = len(history) - 1
    words = f"best epoch {best} of {n}" if best else f"best epoch 0 of {n}: the midpoint"
    return words if np.isfinite(history[-1]) else f"{words}; diverged in epoch {n}"


def _channels_last(net: nn.Module) -> nn.Module:
    """The net with its kernels laid out as its inputs are: a quarter faster on a processor."""
    for weight in net.parameters():
        if weight.ndim == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return net


def _cropped(
    ends: np.ndarray, middles: np.ndarray, side: int | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The same square of all; the whole grid where it is no larger."""
    window: list[slice] = []
    for whole in middles.shape[-2:]:
        size = whole if side is None else min(side, whole)
        start = int(rng.integers(0, whole - size + 1))
        window.append(slice(start, start + size))
    here = (..., *window)
    return ends[here], middles[here]
