"""Middle frames by every way, and how far each is from the true one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import ModelError
from latentscape.metrics.pixel import psnr, squared_error
from latentscape.metrics.similarity import refusal, ssim
from latentscape.motion.flow import flow_between, size_of
from latentscape.motion.prediction import AGAIN, BLEND, CEILING, LATENT, PARTS, PERCEPTUAL, PIXEL
from latentscape.motion.predictors import Predictor
from latentscape.motion.warp import warp_middle
from latentscape.workflows.motion.flows import NamedFlow
from latentscape.workflows.motion.subject import MotionSubject
from latentscape.workflows.opening import decode

WARP = "flow warp"
AT_ONCE = 16  # triplets
Perceptual = Callable[[Tensor], Callable[[Tensor], Tensor]]
"""True images to what tells the distance of others to them: the true ones are seen once."""


class Seen(NamedTuple):
    """A few triplets, their true frames, and their middles by every way.

    Attributes:
        which: Places of the triplets.
        frames: uint8 ``k 3 channels height width``.
        latents: ``k 3 *latent``.
        predicted: Way to middle latents, ``k *latent``.
        images: Way to middle frames, uint8 ``k channels height width``.
        moved: (k,) mean length of the flow from first to last, pixels.
    """

    which: np.ndarray
    frames: np.ndarray
    latents: np.ndarray
    predicted: dict[str, np.ndarray]
    images: dict[str, np.ndarray]
    moved: np.ndarray


@dataclass(frozen=True)
class Middles:
    """Makes middle frames by every way, a few triplets at a time.

    Attributes:
        subject: The model and its triplets.
        predictors: Fitted.
        flow: By which ends are warped.
    """

    subject: MotionSubject
    predictors: Mapping[str, Predictor]
    flow: NamedFlow

    def of(self, which: np.ndarray) -> Seen:
        """Middles of chosen triplets.

        Pixel frames are rounded to 8 bits, as decoded ones are.
        """
        frames, latents = self.subject.frames_of(which), self.subject.latents_of(which)
        model = self.subject.subject.model
        ends = np.ascontiguousarray(latents[:, ::2])
        blend = frames[:, ::2].astype(np.float32).mean(1)
        again = self._encoded(blend / np.float32(255))
        predicted = {AGAIN: again, CEILING: latents[:, 1]}
        predicted |= {name: one.predict(ends) for name, one in self.predictors.items()}
        warped, moved = zip(*(self._warped(first, last) for first, _, last in frames), strict=True)
        images = {BLEND: np.rint(blend).astype(np.uint8), WARP: np.stack(warped)}
        images |= {name: decode(model, middle) for name, middle in predicted.items()}
        return Seen(which, frames, latents, predicted, images, np.array(moved))

    def batches(self, which: np.ndarray) -> Iterator[Seen]:
        """The same of many, a few at a time."""
        for few in self.subject.chunks(which, AT_ONCE):
            yield self.of(few)

    def _warped(self, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, float]:
        """The middle by optical flow, and the flow's mean length; each way is asked once."""
        name, flow, _ = self.flow
        there = flow_between(flow, first, last, name)
        back = flow_between(flow, last, first, name)

        def known(one: np.ndarray, _: np.ndarray) -> np.ndarray:
            return there if one is first else back

        return warp_middle(first, last, known, name=name), float(size_of(there).mean())

    @torch.inference_mode()
    def _encoded(self, images: np.ndarray) -> np.ndarray:
        autoencoder = self.subject.subject.model.autoencoder
        pixels = torch.from_numpy(images).to(autoencoder.device)
        return autoencoder.encode(pixels).mean.float().cpu().numpy()


def errors_of(
    seen: Seen, variance: np.ndarray, perceptual: Perceptual | None
) -> dict[str, dict[str, np.ndarray]]:
    """Way to its errors, (k,) each, as `motion.prediction.prediction_rows` takes them.

    Args:
        seen: The triplets.
        variance: (channels,) of the true middle latents, over all test triplets.
        perceptual: LPIPS, where it can be had.
    """
    truth = _floats(seen.frames[:, 1])
    distance = None if perceptual is None else perceptual(truth)
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, images in seen.images.items():
        found[name] = _pixel_errors(truth, _floats(images), distance)
        if name in seen.predicted and name != CEILING:
            missed = seen.predicted[name] - seen.latents[:, 1]
            found[name] |= _latent_errors(missed, variance)
    return found


def channel_variance(subject: MotionSubject, which: np.ndarray) -> np.ndarray:
    """(channels,) variance of the middle latents of some triplets, over triplets and places."""
    n, origin, sums = 0, np.zeros(0), np.zeros((2, 0))
    for few in subject.chunks(which):
        channels = subject.latents_of(few)[:, 1].astype(np.float64)
        channels = np.moveaxis(channels, 1, 0).reshape(channels.shape[1], -1)
        if not n:
            origin, sums = channels.mean(1, keepdims=True), np.zeros((2, len(channels)))
        n += channels.shape[1]
        lean = channels - origin
        sums = sums + np.stack([lean.sum(1), (lean**2).sum(1)])
    mean, square = sums / n
    return np.maximum(square - mean**2, 0)


def perceptual_distance() -> tuple[Perceptual | None, str]:
    """LPIPS, and what it is; None where its weights cannot be had here."""
    from latentscape.nn.lpips import lpips

    try:
        net = lpips("squeeze")
    except ModelError:
        return None, ""
    if "in place of heads" in net.words:
        return None, ""

    @torch.inference_mode()
    def distance_to(truth: Tensor) -> Callable[[Tensor], Tensor]:
        maps = net.seen(truth)
        return torch.inference_mode()(lambda images: net.between(maps, net.seen(images)))

    return distance_to, net.words


def _pixel_errors(
    truth: Tensor, images: Tensor, distance: Callable[[Tensor], Tensor] | None
) -> dict[str, np.ndarray]:
    error = squared_error(truth, images)
    found = {PIXEL: error, "psnr_mean": psnr(error)}
    if refusal("ssim_std", truth.shape[2], truth.shape[3]) is None:
        found["ssim_std"] = ssim(truth, images)
    if distance is not None:
        found[PERCEPTUAL] = distance(images).double()
    return {name: values.numpy() for name, values in found.items()}


def _latent_errors(missed: np.ndarray, variance: np.ndarray) -> dict[str, np.ndarray]:
    by_channel = np.square(missed, dtype=np.float64).reshape(*missed.shape[:2], -1).mean(2)
    told = variance > 0
    parts = (by_channel[:, told] / variance[told]).mean(1) if told.any() else np.nan
    return {LATENT: by_channel.mean(1), PARTS: np.broadcast_to(parts, len(missed)).copy()}


def _floats(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images.astype(np.float32) / np.float32(255))
