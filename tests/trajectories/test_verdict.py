import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from latentscape.data.sprites import between, sample_factors
from latentscape.trajectories.panel import dissolve_panel
from latentscape.trajectories.verdict import VERDICTS, morphs_by_frames, reasons, verdicts

STEPS = 10
T = np.linspace(0, 1, STEPS)
BLUR = 2.0  # pixels, half-way


def fade(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    t = T.reshape(1, -1, 1, 1, 1).astype(np.float32)
    return (1 - t) * a[:, None] + t * b[:, None]


def blurred(frames: np.ndarray, sigma: float) -> np.ndarray:
    """More and more out of focus up to half-way, then less and less."""
    frames = frames.copy()
    for step, t in enumerate(T[1:-1], 1):
        spread = sigma * 4 * t * (1 - t)
        frames[:, step] = gaussian_filter(frames[:, step], (0, 0, spread, spread))
    return frames


def cut(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.stack([a] * (STEPS // 2) + [b] * (STEPS // 2), axis=1)


def through(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Dissolve to a third image, then from it."""
    t = (2 * T).reshape(1, -1, 1, 1, 1)
    first, second = (
        (1 - t) * a[:, None] + t * c[:, None],
        (2 - t) * c[:, None] + (t - 1) * b[:, None],
    )
    return np.where(t <= 1, first, second)


def shifted(wide: np.ndarray, size: int, pixels: int) -> np.ndarray:
    """A window of `size` that moves over wider images."""
    return np.stack([wide[..., k * pixels : k * pixels + size] for k in range(STEPS)], axis=1)


def named(frames: np.ndarray, **options) -> list[str]:
    return verdicts(dissolve_panel(frames), **options).tolist()


def share(frames: np.ndarray, *names: str, **options) -> float:
    return np.isin(named(frames, **options), names).mean()


def sprite_ways(n: int, *, seed: int, size: int = 64) -> np.ndarray:
    """Exact in-between frames of sprites that change in every factor, ``n 10 3 size size``."""
    first, last = sample_factors(2 * n, seed=seed).reshape(2, n, 6)
    a, b = np.repeat(first, STEPS, axis=0), np.repeat(last, STEPS, axis=0)
    frames = between(a, b, np.tile(T, n), size=size)
    return frames.reshape(n, STEPS, 3, size, size).astype(np.float32) / 255


def noise(n: int, seed: int, *, size: int = 32, wide: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    images = gaussian_filter(rng.normal(size=(n, 3, size, size + wide)), (0, 0, 1.2, 1.2))
    return images / images.std()


def test_each_kind_of_way_has_its_name():
    a, b, c = (noise(20, seed) for seed in range(3))
    assert share(fade(a, b), "dissolve") == 1
    assert share(blurred(fade(a, b), 1), "blurred dissolve") == 1
    assert share(cut(a, b), "cut") == 1
    assert share(through(a, b, c), "mixed") == 1
    assert share(shifted(noise(20, 3, wide=27), 32, 1), "morph") == 1
    assert share(shifted(noise(20, 3, wide=27), 32, 3), "morph") == 1


def test_a_half_and_half_of_morph_and_dissolve_is_mixed():
    way = shifted(noise(20, 3, wide=27), 32, 3)
    assert share((way + fade(way[:, 0], way[:, -1])) / 2, "mixed") == 1


def test_undefined_pairs_do_not_touch_the_others():
    frames = fade(noise(4, 0), noise(4, 1))
    frames[1] = frames[1, :1]
    frames[2, 3] = np.nan
    assert named(frames) == ["dissolve", "undefined", "undefined", "dissolve"]
    assert named(frames[:, :2]) == ["undefined"] * 4
    assert named(frames[:0]) == []
    told = morphs_by_frames(dissolve_panel(frames))
    np.testing.assert_array_equal(told, [0, np.nan, np.nan, 0])


def test_a_morph_far_from_data_is_mixed():
    way = shifted(noise(3, 3, wide=27), 32, 3)
    near, far = np.ones((3, STEPS)), np.ones((3, STEPS))
    far[1, 1:-1], far[2, 1:-1] = 1.4, 1.6
    for panel in (dissolve_panel(way, cycle=far), dissolve_panel(way, neighbours=far)):
        assert verdicts(panel).tolist() == ["morph", "morph", "mixed"]
        assert morphs_by_frames(panel).tolist() == [1, 1, 1]
    assert verdicts(dissolve_panel(way, cycle=near, neighbours=near)).tolist() == ["morph"] * 3
    apart = fade(noise(3, 0), noise(3, 1))
    assert verdicts(dissolve_panel(apart, neighbours=9 * far)).tolist() == ["dissolve"] * 3


def test_under_five_frames_the_proposed_rule_judges():
    way = shifted(noise(20, 3, wide=27), 32, 3)[:, ::3]  # four frames
    assert named(way) == named(way, rule="proposed")
    assert share(way, "morph") > 0.8


def test_true_in_betweens_of_sprites_are_told_from_cross_dissolves():
    ways = sprite_ways(200, seed=11)
    found = named(ways) + named(fade(ways[:, 0], ways[:, -1]))
    truth = ["morph"] * 200 + ["dissolve"] * 200
    assert np.mean(np.array(found) == np.array(truth)) >= 0.99


@pytest.mark.parametrize("size", [32, 96])
def test_they_are_at_other_sizes_too(size):
    ways = sprite_ways(60, seed=12, size=size)
    assert share(ways, "morph") >= 0.98


@pytest.mark.slow
def test_a_thousand_sprites():
    """Both directions, and through the proposed rule what it can and cannot tell."""
    ways = sprite_ways(1000, seed=7)
    dissolves = fade(ways[:, 0], ways[:, -1])
    right = share(ways, "morph"), share(dissolves, "dissolve")
    assert np.mean(right) >= 0.99
    assert share(ways, "dissolve", "blurred dissolve", "cut", rule="proposed") == 0
    third = through(ways[:, 0], ways[:, -1], np.roll(ways[:, 0], 1, axis=0))
    assert share(third, "morph") <= 0.01
    assert share((ways + dissolves) / 2, "morph") <= 0.01


# METHODS §4.3: medians of max |α̂ − t|, max off-blend energy, deficit, path ratio, ghost product.
# The deficit through a third image is left open: half-way it is .2 to .4 here too, along the whole
# way two dissolves lose contrast as one does.
TABLE = {
    "dissolve": (0.00, 0.00, 1.00, 1.00, 1.00),
    "blurred": (0.04, 0.02, 1.34, 1.08, 0.12),
    "shift 1": (0.03, 0.51, 0.00, 3.44, 0.53),
    "shift 3": (0.18, 0.61, 0.00, 6.28, 0.30),
    "cut": (0.44, 0.00, 0.00, 1.00, 0.23),
    "third": (0.66, 0.42, None, 1.73, 0.74),
}
NEAR = {  # how near, in the same columns
    "dissolve": (1e-5, 1e-5, 1e-5, 1e-5, 0.02),
    "blurred": (0.03, 0.02, 0.15, 0.06, 0.05),
    "shift 1": (0.05, 0.20, 0.05, 1.00, 0.20),
    "shift 3": (0.15, 0.25, 0.10, 2.50, 0.35),
    "cut": (0.01, 1e-5, 0.05, 1e-5, 0.15),
    "third": (0.50, 0.35, None, 0.40, 0.60),
}
COLUMNS = ("blend_gap", "off_blend_most", "dissolve_deficit", "path_ratio", "ghost_product")


def film(root: Path, n: int, *, size: int = 96) -> tuple[np.ndarray, ...]:
    """Three times n windows into frames of a film, the first with 27 pixels more on the right."""
    from PIL import Image

    places = sorted((root / "animation" / "triplets").glob("*/*/frame1.jpg"))
    rng = np.random.default_rng(0)
    found = []
    for k in range(3):
        windows = []
        for i in rng.permutation(len(places))[:n]:
            small = (
                Image.open(places[i]).convert("RGB").resize((320, 180), Image.Resampling.BICUBIC)
            )
            top, left = rng.integers(0, 181 - size), rng.integers(0, 321 - size - 27)
            image = np.asarray(small, np.float32).transpose(2, 0, 1) / 255
            windows.append(image[:, top : top + size, left : left + size + 27])
        found.append(np.stack(windows) if k == 0 else np.stack(windows)[..., :size])
    return tuple(found)


@pytest.mark.realdata
def test_the_reference_table_on_frames_of_a_film(data_root):
    wide, b, c = film(data_root, 40)
    a = wide[..., :96]
    ways = {
        "dissolve": fade(a, b),
        "blurred": blurred(fade(a, b), BLUR),
        "shift 1": shifted(wide, 96, 1),
        "shift 3": shifted(wide, 96, 3),
        "cut": cut(a, b),
        "third": through(a, b, c),
    }
    for kind, frames in ways.items():
        columns = dissolve_panel(frames).columns
        for name, wanted, near in zip(COLUMNS, TABLE[kind], NEAR[kind], strict=True):
            median = np.nanmedian(columns[name])
            assert wanted is None or abs(median - wanted) <= near, (kind, name, median)
    assert share(ways["dissolve"], "dissolve") == 1
    assert share(ways["blurred"], "dissolve", "blurred dissolve") >= 0.95
    assert share(ways["cut"], "cut") == 1
    assert share(ways["third"], "mixed") >= 0.95
    assert share(ways["shift 1"], "morph") >= 0.95
    assert share(ways["shift 3"], "morph") >= 0.9


@pytest.mark.realdata
def test_dissolves_cuts_and_third_images_of_clothes(data_root):
    """28 pixels a side: a blur of 2 pixels is no mere blur any more, ½ is."""
    with gzip.open(data_root / "fashion-mnist" / "t10k-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    rows = np.random.default_rng(0).permutation(len(images))[:300]
    a, b, c = (images[rows].astype(np.float32) / 255).reshape(3, 100, 1, 28, 28)
    dissolves = dissolve_panel(fade(a, b))
    assert dissolves.off_blend_most == pytest.approx(0, abs=1e-6)
    assert dissolves.deficit == pytest.approx(1, abs=1e-6)
    assert dissolves.path_ratio == pytest.approx(1, abs=1e-6)
    assert np.nanmedian(dissolves.ghost) == pytest.approx(1, abs=0.02)
    assert set(verdicts(dissolves).tolist()) == {"dissolve"}
    assert share(blurred(fade(a, b), 0.5), "dissolve", "blurred dissolve") >= 0.95
    assert share(cut(a, b), "cut") >= 0.95
    assert share(through(a, b, c), "mixed") >= 0.95
    moving = np.pad(a, ((0, 0), (0, 0), (0, 0), (27, 27)))
    assert share(shifted(moving, 55, 3), "morph") >= 0.95


def test_names_are_those_announced():
    ways = np.concatenate([fade(noise(3, 0), noise(3, 1)), cut(noise(3, 0), noise(3, 1))])
    assert set(named(ways)) <= set(VERDICTS)


def test_each_name_has_its_reason():
    a, b = noise(2, 0), noise(2, 1)
    ways = np.concatenate([fade(a, b), cut(a, b), through(a, b, noise(2, 2)), fade(a, a)])
    panel = dissolve_panel(ways)
    told = dict(zip(verdicts(panel).tolist(), reasons(panel), strict=True))
    assert "lose 100 % of the contrast" in told["dissolve"]
    assert "switch at once" in told["cut"]
    assert told["mixed"].endswith("neither as a dissolve nor as a morph does")
    assert told["undefined"] == "both ends decode to the same picture"
    count = len(panel)
    far = replace(panel, neighbours=np.full(count, 9.0), residual_ratio=np.full(count, np.nan))
    assert len(reasons(far)) == count


def test_a_morph_far_from_data_says_so():
    moving = np.pad(noise(3, 0), ((0, 0), (0, 0), (0, 0), (27, 27)))
    panel = dissolve_panel(shifted(moving, 55, 3))
    assert set(verdicts(panel).tolist()) == {"morph"}
    far = replace(panel, neighbours=np.full(len(panel), 9.0))
    assert set(verdicts(far).tolist()) == {"mixed"}
    assert all("9.0 times as far from data as data are" in why for why in reasons(far))
