"""The middle frame by moving pixels: both ends warped half-way along their optical flow."""

import numpy as np

from latentscape.motion.flow import Flow, dis, flow_between

CONSISTENT = 0.5, 0.05  # pixels, and share of the flow, by which the way back may miss


def warp_middle(
    first: np.ndarray, last: np.ndarray, flow: Flow = dis, *, name: str = ""
) -> np.ndarray:
    """The frame half-way between two, by what moves between them.

    With F the flow from first to last and B that from last to first, what is at a place of the
    middle frame came from (B − F)/4 further on in the first and from (F − B)/4 in the last frame,
    as if motion were even and alike nearby. Both ends are drawn back along these (bilinear) and
    averaged. An end counts for nothing where the place lies outside of it, or where the way there
    and back again misses by more than half a pixel and 5 % of the way: there it is covered in the
    other. Where both count for nothing, or both count, they are averaged.

    Args:
        first, last: uint8 ``channels height width``.
        flow: Which optical flow.
        name: What it is called where it fails; its own name if left out.

    Returns:
        uint8 ``channels height width``.

    Reference:
        Jiang et al. 2018, Super SloMo, eq. 4 at t = ½, without its net.
    """
    there, back = flow_between(flow, first, last, name), flow_between(flow, last, first, name)
    to_first, to_last = (back - there) / 4, (there - back) / 4
    drawn, counts = zip(
        _drawn(first, to_first, _seen(there, back)),
        _drawn(last, to_last, _seen(back, there)),
        strict=True,
    )
    weights = np.stack(counts)[:, None]
    weights = np.where(weights.sum(0) > 0, weights, 1)
    middle = (weights * np.stack(drawn)).sum(0) / weights.sum(0)
    return np.rint(middle.clip(0, 255)).astype(np.uint8)


def _seen(there: np.ndarray, back: np.ndarray) -> np.ndarray:
    """``height width``, 1 where the way there and back again leads home, else 0."""
    home = there + _sampled(back, there)
    missed = np.sqrt((home**2).sum(-1))
    way = np.sqrt((there**2).sum(-1))
    return (missed <= CONSISTENT[0] + CONSISTENT[1] * way).astype(np.float32)


def _drawn(frame: np.ndarray, flow: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A frame drawn back along a flow, and how much each of its pixels counts."""
    height, width = seen.shape
    pixels = np.moveaxis(frame.astype(np.float32), 0, -1)
    told = _sampled(np.concatenate([pixels, seen[..., None]], axis=-1), flow)
    down, right = np.mgrid[:height, :width]
    to_x, to_y = right + flow[..., 0], down + flow[..., 1]
    inside = (to_x >= -0.5) & (to_x <= width - 0.5) & (to_y >= -0.5) & (to_y <= height - 0.5)
    counts = (told[..., -1] > 0.5) & inside
    return np.moveaxis(told[..., :-1], -1, 0), counts.astype(np.float32)


def _sampled(values: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """``height width k`` at each place moved by the flow; bilinear, borders replicated."""
    import cv2

    height, width = flow.shape[:2]
    down, right = np.mgrid[:height, :width].astype(np.float32)
    at = right + flow[..., 0], down + flow[..., 1]
    found = [
        cv2.remap(
            np.ascontiguousarray(values[..., k], np.float32), at[0], at[1], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for k in range(values.shape[-1])
    ]  # fmt: skip
    return np.stack(found, axis=-1)
