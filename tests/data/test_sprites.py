import numpy as np
import pytest

from latentscape.data import DataConfig, load_images
from latentscape.data.sprite_shapes import OUTLINES
from latentscape.data.sprites import (
    BACKGROUND,
    FACTORS,
    PALETTE,
    SHAPES,
    between,
    render,
    sample_factors,
)
from latentscape.errors import ShapeError, UsageError

HEART, DROP, MOON = (SHAPES.index(name) for name in ("heart", "drop", "moon"))


def setting(shape=HEART, colour=0, size=0.25, rotation=0.0, x=0.5, y=0.5):
    return np.array([shape, colour, size, rotation, x, y], float)


def ink(image):
    """How far each pixel is from the background, summed over channels."""
    return np.abs(image.astype(int) - np.array(BACKGROUND)[:, None, None]).sum(0)


@pytest.mark.parametrize("name", SHAPES)
def test_outlines_are_distances_inside_the_unit_circle(name):
    axis = np.linspace(-1.5, 1.5, 301, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    d = OUTLINES[name](x, y)
    assert (d[np.hypot(x, y) > 1.02] > 0).all()
    assert (d < 0).mean() > 0.05
    step = axis[1] - axis[0]  # 1-Lipschitz: no distance changes faster than the point moves
    assert np.abs(np.diff(d, axis=0)).max() <= step * 1.01
    assert np.abs(np.diff(d, axis=1)).max() <= step * 1.01


@pytest.mark.parametrize("name", SHAPES)
def test_distance_is_that_to_the_nearest_point_of_the_outline(name):
    """Outside, against brute force over the points where the sign changes."""
    axis = np.linspace(-1.2, 1.2, 481, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    d = OUTLINES[name](x, y)
    edge = np.stack([x[np.abs(d) < 0.004], y[np.abs(d) < 0.004]], axis=1)
    rng = np.random.default_rng(0)
    points = rng.uniform(-1.2, 1.2, (300, 2)).astype(np.float32)
    own = OUTLINES[name](points[:, 0], points[:, 1])
    brute = np.sqrt(((points[:, None] - edge[None]) ** 2).sum(-1)).min(1)
    outside = own > 0.02
    if name == "moon":  # a bound, not the distance, inside the bite and beyond the tips
        assert (own[outside] <= brute[outside] + 0.01).all()
    else:
        np.testing.assert_allclose(own[outside], brute[outside], atol=0.01)


def test_shape_colour_size_and_place_are_what_was_asked_for():
    for k, rgb in enumerate(PALETTE.values()):
        image = render(setting(colour=k))[0]
        np.testing.assert_array_equal(image[:, 32, 32], rgb)
        np.testing.assert_array_equal(image[:, 0, 0], BACKGROUND)
    small, large = ink(render(setting(size=0.15))[0]), ink(render(setting(size=0.30))[0])
    assert large.sum() / small.sum() == pytest.approx(4, rel=0.02)
    here, there = render(setting(x=0.375, y=0.5))[0], render(setting(x=0.625, y=0.375))[0]
    np.testing.assert_array_equal(np.roll(here, (16, -8), axis=(2, 1)), there)


def test_rotation_turns_counter_clockwise_about_the_centre():
    upright, quarter = render(np.stack([setting(), setting(rotation=np.pi / 2)]))
    expected = np.rot90(upright, axes=(1, 2)).astype(int)
    assert np.abs(quarter.astype(int) - expected).max() <= 1


def test_no_shape_looks_the_same_when_turned():
    for shape in range(len(SHAPES)):
        turns = [setting(shape=shape, rotation=r) for r in np.arange(24) * np.pi / 12]
        images = render(np.stack(turns)).astype(float)
        apart = np.abs(images[1:] - images[0]).mean(axis=(1, 2, 3))
        assert apart.min() > 0.5, SHAPES[shape]


def area(image):
    """Covered pixels, from linear light, in which coverage mixes ink and background."""
    coded = image[0] / 255
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return ((light - light[0, 0]) / (light.max() - light[0, 0])).sum()


def test_edges_are_anti_aliased():
    """The area keeps to a thousandth between pixels, as only fractional coverage can make it."""
    areas = [area(render(setting(x=x))[0]) for x in np.linspace(0.5, 0.5 + 1 / 64, 9)]
    assert np.ptp(areas) / np.mean(areas) < 0.003
    assert areas[0] == pytest.approx(area(render(setting(), 512)[0]) / 64, rel=0.003)


def test_both_ends_of_a_morph_are_exact():
    rows = sample_factors(64, seed=3)
    a, b = rows[:32], rows[32:]
    np.testing.assert_array_equal(between(a, b, 0.0), render(a))
    np.testing.assert_array_equal(between(a, b, 1.0), render(b))


def test_a_morph_read_backwards_is_the_morph_from_the_other_end():
    rows = sample_factors(32, seed=4)
    rows[16:, 3] += 0.01  # no opposite angles, which turn one way from either end
    t = np.linspace(0, 1, 16)
    forth = between(rows[:16], rows[16:], t).astype(int)
    back = between(rows[16:], rows[:16], 1 - t).astype(int)
    assert np.abs(forth - back).max() <= 1


def test_with_one_shape_and_colour_the_middle_is_the_middle_setting():
    a = setting(shape=DROP, size=0.18, rotation=6.0, x=0.4, y=0.6)
    b = setting(shape=DROP, size=0.28, rotation=0.4, x=0.6, y=0.4)
    short = 6.0 + 0.25 * (0.4 + 2 * np.pi - 6.0)  # across 0, not back through π
    middle = setting(shape=DROP, size=0.205, rotation=short, x=0.45, y=0.55)
    apart = between(a, b, 0.25).astype(int) - render(middle)
    assert np.abs(apart).max() <= 1


def test_opposite_angles_turn_counter_clockwise():
    frames = between(setting(rotation=0.0), setting(rotation=np.pi), 0.5)
    expected = render(setting(rotation=np.pi / 2)).astype(int)
    assert np.abs(frames - expected).max() <= 1


def test_colours_mix_in_linear_light():
    frame = between(setting(colour=0), setting(colour=1), 0.5)[0, :, 32, 32] / 255
    ends = np.array(list(PALETTE.values())[:2]) / 255
    linear = np.where(ends <= 0.04045, ends / 12.92, ((ends + 0.055) / 1.055) ** 2.4).mean(0)
    expected = 1.055 * linear ** (1 / 2.4) - 0.055
    np.testing.assert_allclose(frame, expected, atol=1 / 255)


def test_a_shape_morph_is_smooth_and_no_dissolve():
    t = np.linspace(0, 1, 41)
    frames = between(setting(HEART), setting(MOON), t).astype(float)
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert steps.max() < 4 * np.median(steps)
    # half-covered pixels: a dissolve has them all over both shapes, a morph on one thin edge
    full = ink(render(setting(HEART))[0]).max()
    share = ink(frames[20]) / full
    soft = ((share > 0.1) & (share < 0.9)).mean()
    blend = (ink(frames[0]) + ink(frames[-1])) / (2 * full)
    assert soft < 0.5 * ((blend > 0.1) & (blend < 0.9)).mean()


def test_the_source_is_its_factors_rendered():
    images = load_images(DataConfig("sprites", limit=50))
    assert images.factor_names == FACTORS
    np.testing.assert_array_equal(render(images.factors), images.images)
    np.testing.assert_array_equal(images.labels, images.factors[:, 0])
    assert images.class_names == SHAPES


def test_factors_are_uniform_independent_and_in_view():
    rows = sample_factors(4000)
    assert np.abs(np.corrcoef(rows.T) - np.eye(6)).max() < 0.06
    counts = np.bincount(rows[:, 0].astype(int))
    assert counts.min() > 700
    border = render(rows[:400])
    for edge in (border[..., 0, :], border[..., -1, :], border[..., 0], border[..., -1]):
        assert (edge == np.array(BACKGROUND)[None, :, None]).all()


@pytest.mark.parametrize(
    ("factors", "error"),
    [
        (np.zeros((2, 5)), ShapeError),
        (setting(shape=9), UsageError),
        (setting(shape=0.5), UsageError),
        (setting(colour=-1), UsageError),
        (setting(size=0), UsageError),
        (setting(x=np.nan), UsageError),
    ],
)
def test_impossible_settings_are_refused(factors, error):
    with pytest.raises(error):
        render(factors)


def test_moments_outside_the_morph_are_refused():
    with pytest.raises(UsageError, match=r"\[0, 1\]"):
        between(setting(), setting(), 1.1)
    with pytest.raises(ShapeError):
        between(np.stack([setting()] * 2), setting(), np.linspace(0, 1, 3))
