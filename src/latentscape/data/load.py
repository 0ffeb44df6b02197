"""`load_images`: from the words of a source to a set of images."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from latentscape.data.arrays import read_arrays
from latentscape.data.augment import check_augmentations
from latentscape.data.cifar import read_cifar10, read_cifar10_gray
from latentscape.data.facts import fingerprint
from latentscape.data.folder import read_folder
from latentscape.data.footage import is_film
from latentscape.data.hub import read_hub
from latentscape.data.image_set import DataConfig, ImageSet
from latentscape.data.memory import Loading, default_limit
from latentscape.data.named import read_digits, read_fashion_mnist, read_mnist
from latentscape.data.resize import resize_facts, shaped
from latentscape.data.split import choose_rows
from latentscape.data.sprite_shots import read_sprites_motion
from latentscape.data.sprites import read_sprites
from latentscape.data.triplets import read_triplets
from latentscape.data.video import read_video
from latentscape.errors import DataError, UsageError, nearest

Reader = Callable[[str, Loading], ImageSet]

NAMED: dict[str, Reader] = {
    "digits": read_digits,
    "sprites": read_sprites,
    "sprites-motion": read_sprites_motion,
    "mnist": read_mnist,
    "fashion-mnist": read_fashion_mnist,
    "cifar10": read_cifar10,
    "cifar10-gray": read_cifar10_gray,
}
PREFIXED: dict[str, Reader] = {
    "folder": read_folder,
    "triplets": read_triplets,
    "video": read_video,
    "npz": read_arrays,
    "hf": read_hub,
}


def load_images(
    config: DataConfig,
    *,
    memory_limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImageSet:
    """Load the images that a config names, in the size and colour it asks for.

    Args:
        config: Source and what is done to its images. Splitting and augmentation come later, in
            `split_rows` and `augmented_copies`.
        memory_limit: Decoded bytes above which the images lie in a memory map on disk; a quarter
            of the free memory if None.
        progress: Called with (images done, images in all) while files are decoded.

    Returns:
        The images with identities, classes, groups, and the fingerprint of it all.

    Raises:
        UsageError: If the source is unknown or an option is out of range.
        DataError: If the images are missing or cannot be read.

    Example:
        >>> images = load_images(DataConfig("digits", limit=100))
        >>> len(images), str(images.shape)
        (100, '8×8×1')
    """
    _check(config)
    limit = default_limit() if memory_limit is None else memory_limit
    reader, argument = _reader(config.source)
    images = reader(argument, Loading(config=config, memory_limit=limit, progress=progress))
    rows = choose_rows(len(images), limit=config.limit, seed=config.seed, official=images.official)
    if len(rows) < len(images):
        images = images.take(rows)
    images = _shaped(images, config, limit)
    images = replace(
        images, rule=resize_facts(config) | images.rule, binarize=config.binarize, fingerprint=""
    )
    return replace(images, fingerprint=fingerprint(images))


def _reader(source: str) -> tuple[Reader, str]:
    if source in NAMED:
        return NAMED[source], ""
    prefix, colon, argument = source.partition(":")
    if colon and prefix in PREFIXED:
        if not argument:
            what = "NAME" if prefix == "hf" else "PATH"
            raise UsageError(
                f"{source!r} names nothing after the colon", f"write it as {prefix}:{what}"
            )
        return PREFIXED[prefix], argument
    known = [*NAMED, *(f"{name}:…" for name in PREFIXED)]
    if source and Path(source).exists():
        hint = "images are read from a folder:PATH or an npz:PATH"
        meant = "npz" if source.endswith(".npz") else "video" if is_film(Path(source)) else None
        if Path(source).is_dir() or meant:
            hint = f"did you mean {'folder' if Path(source).is_dir() else meant}:{source}?"
        raise UsageError(f"{source!r} is no known data", hint)
    close = nearest(prefix if colon else source.replace("_", "-"), PREFIXED if colon else NAMED)
    if not close.startswith("did you mean"):
        raise UsageError(f"{source!r} is no known data", f"known: {', '.join(known)}")
    hint = f"{close[:-1]}:{argument}?" if colon else close
    raise UsageError(f"{source!r} is no known data", hint)


def _check(config: DataConfig) -> None:
    if config.size is not None and config.size < 1:
        raise UsageError(f"a size of {config.size} pixels is no image", "give at least 1")
    if config.seed < 0:
        raise UsageError(f"a seed of {config.seed} is none", "give 0 or more")
    if config.resize not in ("crop", "pad", "squash"):
        raise UsageError(f"{config.resize!r} is no resize rule", "known: crop, pad, squash")
    if config.colour not in ("L", "RGB", None):
        raise UsageError(f"{config.colour!r} is no colour mode", "known: L, RGB")
    if config.frame_step < 1 or config.frame_stride < 1 or not 0 <= config.min_motion <= 1:
        raise UsageError(
            f"triplets of step {config.frame_step}, stride {config.frame_stride} and least motion"
            f" {config.min_motion} cannot be made",
            "step and stride are whole numbers from 1, the least motion lies in [0, 1]",
        )
    if config.copies < 0:
        raise UsageError(f"{config.copies} augmented copies cannot be made", "give 0 or more")
    if config.copies and not config.augment:
        raise UsageError(
            f"{config.copies} copies of each image would all be the same: nothing augments them",
            "name augmentations, such as --set augment=flip,shift",
        )
    check_augmentations(config.augment)
    choose_rows(1, limit=config.limit, seed=config.seed)


def _shaped(images: ImageSet, config: DataConfig, limit: int) -> ImageSet:
    """Colour and size for sources that came as arrays; files were shaped as they were decoded."""
    if not len(images):
        raise DataError(f"{images.name} holds no images", "give a source with at least a few")
    pixels = shaped(images.images, config, limit=limit)
    return images if pixels is images.images else replace(images, images=pixels)
