"""SSIM of large images, compiled for the processor at hand: rows stay in its cache.

Filtering is most of an SSIM. As whole-image operations it is bound by memory; here a strip of rows
is squared, filtered down, filtered along and summed before the next one is touched. Numba compiles
it once a window and machine, in seconds, and keeps the result on disk.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float

STRIP = 32  # rows at a time: four moments of them fit the second-level cache up to 1,000 columns
FAST = {"reassoc", "contract", "nsz", "arcp"}  # all but the two that forget NaN and infinity
PLANES_A_THREAD = 8


def plane_similarities(
    originals: Float[np.ndarray, "n height width"],
    reconstructions: Float[np.ndarray, "n height width"],
    *,
    taps: tuple[float, ...],
    rules: Float[np.ndarray, "rules 3"],
    n_threads: int = 1,
) -> Float[np.ndarray, "n rules 2"]:
    """Mean similarities of pairs of planes under several rules of one window.

    Args:
        originals, reconstructions: float32, contiguous.
        taps: The separable window's weights.
        rules: Of each C1, C2 and the factor on covariances.
        n_threads: Over which planes are spread.

    Returns:
        Contrast-structure similarity, and its product with luminance: means over the windows that
        lie inside the image.
    """
    run = _kernel(taps)
    out = np.zeros((len(originals), len(rules), 2))
    n_threads = min(n_threads, len(originals) // PLANES_A_THREAD)
    if n_threads < 2:
        run(originals, reconstructions, rules, out)
        return out
    bounds = np.linspace(0, len(originals), n_threads + 1).astype(int)
    parts = [slice(a, b) for a, b in pairwise(bounds)]
    with ThreadPoolExecutor(n_threads) as threads:
        list(threads.map(
            lambda part: run(originals[part], reconstructions[part], rules, out[part]), parts
        ))  # fmt: skip
    return out


@cache
def _kernel(taps: tuple[float, ...]) -> Callable[..., Any]:
    """The compiled loop for one window; its weights are constants in the machine's code."""
    from numba import njit

    weights = tuple(np.float32(tap) for tap in taps)
    size = len(weights)
    zero, two = np.float32(0), np.float32(2)

    def run(x, y, rules, out):
        n, height, width = x.shape
        n_rows, n_columns = height - size + 1, width - size + 1
        strip = np.zeros((4, STRIP + size - 1, width), np.float32)
        down = np.zeros((4, width), np.float32)
        along = np.zeros((4, n_columns), np.float32)
        for p in range(n):
            total = 0.0
            for i in range(height):
                row_sum = zero
                for j in range(width):
                    row_sum += x[p, i, j]
                total += row_sum
            centre = np.float32(total / (height * width))
            for top in range(0, n_rows, STRIP):
                rows = min(STRIP, n_rows - top)
                for i in range(rows + size - 1):
                    for j in range(width):
                        a, b = x[p, top + i, j] - centre, y[p, top + i, j] - centre
                        strip[0, i, j], strip[1, i, j] = a, b
                        strip[2, i, j], strip[3, i, j] = a * a + b * b, a * b
                for i in range(rows):
                    for m in range(4):
                        for j in range(width):
                            value = zero
                            for k in range(size):
                                value += weights[k] * strip[m, i + k, j]
                            down[m, j] = value
                        for j in range(n_columns):
                            value = zero
                            for k in range(size):
                                value += weights[k] * down[m, j + k]
                            along[m, j] = value
                    for r in range(len(rules)):
                        c1, c2, scale = rules[r, 0], rules[r, 1], rules[r, 2]
                        contrasts, products = zero, zero
                        for j in range(n_columns):
                            mx, my = along[0, j], along[1, j]
                            covariance = scale * (along[3, j] - mx * my)
                            variances = scale * (along[2, j] - mx * mx - my * my)
                            mx, my = mx + centre, my + centre
                            contrast = (two * covariance + c2) / (variances + c2)
                            contrasts += contrast
                            luminance = (two * mx * my + c1) / (mx * mx + my * my + c1)
                            products += contrast * luminance
                        out[p, r, 0] += contrasts
                        out[p, r, 1] += products
            out[p] /= n_rows * n_columns

    words = {"nogil": True, "fastmath": FAST, "error_model": "numpy"}
    try:
        return njit(cache=True, **words)(run)
    except RuntimeError:  # no folder may be written to: compiled anew in each process
        return njit(**words)(run)
