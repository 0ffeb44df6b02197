"""What the model draws after each epoch: the same samples and the same prior draws every time."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from latentscape.models import Autoencoder
from latentscape.records import UNREADABLE, replacing
from latentscape.training.feed import Feed

ROWS = 6
PAIRS = 4
DRAWS = 8
POSITIONS = 1000
FRAMES = 24
INK, PAPER = (36, 41, 47), (255, 255, 255)


class Snapshots:
    """Draws a prediction matrix and keeps latent positions, each epoch, of fixed samples.

    Left half: validation images, each beside its reconstruction from the posterior mean.
    Right half: decoded draws from N(0, I), the same latents every epoch.
    """

    def __init__(self, folder: Path, feed: Feed, latent_shape: tuple[int, ...], seed: int):
        self.folder = folder / "snapshots"
        self.feed = feed
        order = feed.order(seed, 0)
        self.shown = order[: ROWS * PAIRS]
        self.tracked = order[:POSITIONS]
        rng = torch.Generator().manual_seed(seed)
        self.prior = torch.randn(ROWS * DRAWS, *latent_shape, generator=rng)

    @torch.inference_mode()
    def take(self, model: Autoencoder, epoch: int, seed: int) -> None:
        """Write ``epoch-NNNN.png`` and ``positions-NNNN.npz``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        images, _ = self.feed.batch(self.shown)
        reconstructions = model.decode(model.encode(images).mean)
        draws = model.decode(self.prior.to(images.device))
        pairs = torch.stack((images, reconstructions), 1).flatten(0, 1)
        picture = side_by_side(
            tile(to_uint8(pairs), 2 * PAIRS),
            tile(to_uint8(draws), DRAWS),
            titles=(f"epoch {epoch}: image | reconstruction", f"prior draws, seed {seed}"),
        )
        with replacing(self.folder / f"epoch-{epoch:04d}.png") as temporary:
            picture.save(temporary, format="PNG")
        tracked, labels = self.feed.batch(self.tracked)
        mean = model.encode(tracked).mean.flatten(1).cpu().numpy()
        piece = self.folder / f"positions-{epoch:04d}.npz"
        with replacing(piece) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, positions=mean, labels=labels.cpu().numpy())

    def finish(self) -> None:
        """Write ``training.gif`` and gather the positions of all epochs in ``positions.npz``."""
        opened = (_picture(path) for path in _spread(sorted(self.folder.glob("epoch-*.png"))))
        pictures = [picture for picture in opened if picture is not None]
        if pictures:
            write_gif(pictures, self.folder / "training.gif")
        pieces = sorted(self.folder.glob("positions-*.npz"))
        target = self.folder / "positions.npz"
        by_epoch: dict[int, np.ndarray] = {}
        labels = np.zeros(0)
        if pieces and target.exists():  # an earlier part of a run that was given more epochs
            gathered = _arrays(target)
            by_epoch |= zip(gathered["epochs"], gathered["positions"], strict=True)
        for path in pieces:
            piece = _arrays(path)
            if len(piece["positions"]):
                by_epoch[int(path.stem.split("-")[1])] = piece["positions"]
                labels = piece["labels"]
        if not by_epoch:
            return
        epochs = sorted(by_epoch)
        with replacing(target) as temporary, temporary.open("wb") as file:
            positions = np.stack([by_epoch[epoch] for epoch in epochs])
            np.savez_compressed(file, positions=positions, epochs=epochs, labels=labels)
        for path in pieces:
            path.unlink()


def _spread(paths: list[Path]) -> list[Path]:
    """At most `FRAMES` of the epochs, the first ones densest, for that is where most happens."""
    if len(paths) <= FRAMES:
        return paths
    chosen = np.unique(np.geomspace(1, len(paths), FRAMES).round().astype(int) - 1)
    return [paths[i] for i in chosen]


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Positions, labels, and epochs where several are gathered; nothing if it is damaged."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except UNREADABLE:
        warnings.warn(f"{path} is damaged; its positions are left out", stacklevel=3)
        return {name: np.zeros(0) for name in ("positions", "epochs", "labels")}


def _picture(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as picture:
            picture.load()
            return picture
    except (OSError, SyntaxError):
        warnings.warn(f"{path} is damaged; the film goes without it", stacklevel=3)
        return None


def to_uint8(images: Tensor) -> np.ndarray:
    """Images in [0, 1] to uint8 ``batch height width channels``."""
    scaled = images.detach().float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).cpu().numpy()


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """uint8 images in a grid, row by row, small ones enlarged; ``height width 3``."""
    scale = max(1, 56 // images.shape[1])
    images = images.repeat(scale, 1).repeat(scale, 2)
    if images.shape[3] == 1:
        images = images.repeat(3, 3)
    images = np.pad(images[..., :3], ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=255)
    missing = -len(images) % columns
    images = np.pad(images, ((0, missing), (0, 0), (0, 0), (0, 0)), constant_values=255)
    n, height, width, channels = images.shape
    grid = images.reshape(n // columns, columns, height, width, channels)
    return grid.swapaxes(1, 2).reshape(n // columns * height, columns * width, channels)


def side_by_side(left: np.ndarray, right: np.ndarray, titles: tuple[str, str]) -> Image.Image:
    """Two grids with a title over each."""
    gap, top = 24, 30
    width = left.shape[1] + gap + right.shape[1]
    picture = Image.new("RGB", (width, top + max(len(left), len(right))), PAPER)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=16)
    for grid, x, title in ((left, 0, titles[0]), (right, left.shape[1] + gap, titles[1])):
        picture.paste(Image.fromarray(grid), (x, top))
        draw.text((x + 2, 6), title, fill=INK, font=font)
    return picture


def write_gif(
    pictures: Sequence[Image.Image], path: Path, *, seconds: float = 8.0, rest: float = 2.0
) -> None:
    """An endless animation of at most about `seconds`, resting so long on the last picture."""
    milliseconds = int(min(600, max(60, 1000 * seconds / len(pictures))))
    durations = [milliseconds] * (len(pictures) - 1) + [max(milliseconds, int(1000 * rest))]
    # The median cut spends its colours on a large ground and leaves small bright things gray.
    frames = [picture.quantize(255, method=Image.Quantize.FASTOCTREE) for picture in pictures]
    with replacing(path) as temporary:
        frames[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=frames[1:],
            duration=durations,
            loop=0,
        )
