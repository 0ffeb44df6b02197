"""The exact frames between two sprites, above the cross-dissolve of the two, as a GIF."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from latentscape.data.sprites import between, sample_factors


def main(out: Path) -> None:
    start, end = sample_factors(2, seed=4)
    t = np.linspace(0, 1, 17)
    exact = between(start, end, t)
    weight = t[:, None, None, None]
    dissolve = (1 - weight) * exact[0] + weight * exact[-1]
    strips = np.concatenate((exact, dissolve), axis=2).transpose(0, 2, 3, 1).round()
    frames = [Image.fromarray(strip) for strip in strips.astype(np.uint8)]
    out.mkdir(parents=True, exist_ok=True)
    frames[0].save(out / "between.gif", save_all=True, append_images=frames[1:], duration=80)
    print(out / "between.gif")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example-between"))
