"""Train on a folder of images: sub-folders are classes, sizes and modes may differ."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import latentscape


def some_images(folder: Path) -> None:
    """Two classes of noise, bright and dark, in several sizes; put your own in their place."""
    rng = np.random.default_rng(0)
    for name, level in (("bright", 180), ("dark", 60)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(40):
            height, width = rng.integers(20, 60, 2)
            pixels = rng.normal(level, 20, (height, width, 3)).clip(0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{i}.png")


def main(out: Path) -> None:
    some_images(out / "images")
    data = latentscape.DataConfig(f"folder:{out / 'images'}", size=16, val_fraction=0.1)
    config = latentscape.TrainConfig(recipe="vae", network="conv", latent=4, epochs=2)
    latentscape.train(data, config, out=out / "run")
    for name, fact in latentscape.info(str(out / "run")).facts.items():
        print(f"{name:24}{fact}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example-own"))
