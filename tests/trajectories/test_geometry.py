import numpy as np
import pytest
import torch

from latentscape.errors import DataError, ShapeError
from latentscape.metrics import CATALOGUE
from latentscape.trajectories.geometry import cycle_errors, cycle_levels, geometry
from latentscape.trajectories.linear import linear
from latentscape.trajectories.panel import dissolve_panel

RNG = np.random.default_rng(0)


def arc(turn: float, steps: int = 200, radius: float = 1.0) -> np.ndarray:
    """A piece of a circle at even speed, ``1 steps 2``."""
    angle = np.linspace(0, turn, steps)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)[None]


def test_a_straight_line_at_even_speed():
    ends = RNG.normal(size=(2, 30, 4, 3, 3))
    found = geometry(linear(*ends, n_steps=10)).columns
    chord = np.linalg.norm((ends[1] - ends[0]).reshape(30, -1), axis=1)
    assert found["latent_length"] == pytest.approx(chord)
    assert found["latent_ratio"] == pytest.approx(1)
    assert found["latent_turning"] == pytest.approx(0, abs=1e-6)
    assert found["latent_unevenness"] == pytest.approx(0, abs=1e-9)


def test_a_half_circle():
    found = geometry(arc(np.pi, radius=3.0)).columns
    assert found["latent_length"] == pytest.approx(3 * np.pi, rel=1e-4)
    assert found["latent_ratio"] == pytest.approx(np.pi / 2, rel=1e-4)
    assert found["latent_turning"] == pytest.approx(np.pi, rel=0.01)
    assert found["norm_dip"] == pytest.approx(1)


def test_a_right_angle_is_counted_once_even_with_a_rest_at_the_corner():
    corner = np.array([[0, 0], [1, 0], [1, 0], [1, 1]], float)[None]
    found = geometry(corner).columns
    assert found["latent_turning"] == pytest.approx(np.pi / 2)
    assert found["latent_ratio"] == pytest.approx(2 / np.sqrt(2))
    steps = np.array([1, 0, 1])
    assert found["latent_unevenness"] == pytest.approx(steps.std() / steps.mean())
    there_and_back = np.array([[0.0], [1], [0]])[None]
    again = geometry(there_and_back).columns
    assert again["latent_turning"] == pytest.approx(np.pi)
    assert np.isnan(again["latent_ratio"])


def test_the_middle_of_a_line_through_a_shell_lies_inside_it():
    a, b = np.array([[3.0, 0]]), np.array([[0, 4.0]])
    found = geometry(linear(a, b, n_steps=9))
    t = np.linspace(0, 1, 9)
    norms = np.sqrt((3 * (1 - t)) ** 2 + (4 * t) ** 2)
    assert found.norms[0] == pytest.approx(norms)
    assert found.columns["norm_dip"] == pytest.approx((norms / (3 + t))[1:-1].min())


def test_decoded_numbers_agree_with_the_panels():
    frames = RNG.random((12, 7, 3, 8, 8)).astype(np.float32)
    ways = RNG.normal(size=(12, 7, 5))
    found, panel = geometry(ways, frames).columns, dissolve_panel(frames).columns
    for name in ("path_ratio", "decoded_turning"):
        assert found[name] == pytest.approx(panel[name])
    steps = np.diff(frames.astype(float), axis=1)
    lengths = np.sqrt(np.square(steps).mean((2, 3, 4)))
    assert found["decoded_length"] == pytest.approx(lengths.sum(1))
    assert found["decoded_unevenness"] == pytest.approx(lengths.std(1) / lengths.mean(1))
    tensor = geometry(ways, torch.from_numpy(frames)).columns
    assert tensor["decoded_length"] == pytest.approx(found["decoded_length"])


def test_density_along_the_way():
    """Between two distant clouds a standard Gaussian each, the middle is empty."""

    def density(z: torch.Tensor) -> torch.Tensor:
        parts = [-(z - c).square().sum(1) / 2 - np.log(2 * np.pi) for c in (-4.0, 4.0)]
        return torch.logsumexp(torch.stack(parts), 0) - np.log(2)

    ways = linear(np.array([[-4.0, -4]]), np.array([[4.0, 4]]), n_steps=11)
    found = geometry(ways, density=density)
    assert found.log_densities is not None
    assert found.log_densities[0, 0] == pytest.approx(-np.log(4 * np.pi))
    assert found.columns["density_dip"] == pytest.approx(np.log(2) - 16)
    with pytest.raises(DataError, match="density"):
        geometry(ways, density=lambda z: z)


@pytest.mark.parametrize("as_tensor", [True, False])
def test_cycle_errors_of_a_known_encoder(as_tensor):
    """Decoding copies latents to pixels; encoding moves each by a tenth of a unit."""
    ways = linear(np.zeros((3, 1, 4, 4)), np.ones((3, 1, 4, 4)), n_steps=5)
    frames = torch.from_numpy(ways).float() if as_tensor else ways
    found = cycle_errors(ways, frames, lambda images: images + 0.1, batch=4)
    assert found == pytest.approx(np.full((3, 5), 0.1), rel=1e-5)
    perfect = cycle_errors(ways, frames, lambda images: images)
    assert perfect == pytest.approx(0, abs=1e-6)
    assert geometry(ways, frames, encode=lambda x: x + 0.1).columns["cycle_residual"] == (
        pytest.approx(0.1, rel=1e-5)
    )
    still = np.zeros((1, 5, 1, 4, 4))
    assert np.isnan(cycle_errors(still, still, lambda images: images)).all()
    with pytest.raises(ShapeError, match="encoding gives"):
        cycle_errors(ways, frames, lambda images: images[..., :2])


def test_cycle_levels_are_one_distance_for_pairs_of_any_length():
    """Every latent moves by .3; the pairs are 1, 2 and 0 long."""
    ways = linear(np.zeros((3, 4)), np.array([[1.0], [2], [0]]) * np.eye(4)[:1], n_steps=5)
    cycle = np.full((3, 5), 0.3) / np.array([[1.0], [2], [np.nan]])
    found = cycle_levels(ways, cycle)
    assert found[:2] == pytest.approx([0.3, 0.15])
    assert np.isnan(found[2])
    assert cycle_levels(ways, cycle, level=0.6)[:2] == pytest.approx([0.6, 0.3])
    assert len(cycle_levels(ways[:0], cycle[:0])) == 0


def test_a_broken_pair_leaves_the_others_alone():
    ways, frames = RNG.normal(size=(4, 5, 3)), RNG.random((4, 5, 1, 6, 6))
    clean = geometry(ways, frames, data=ways[0]).columns
    ways[1, 2], frames[1, 2] = np.nan, np.nan
    ways[2], frames[2] = ways[2, :1], frames[2, :1]
    found = geometry(ways, frames, data=ways[0]).columns
    for name, values in found.items():
        assert np.isnan(values[1])
        assert values[[0, 3]] == pytest.approx(clean[name][[0, 3]])
    assert (found["latent_length"][2], found["decoded_length"][2]) == (0, 0)
    assert np.isnan(found["latent_unevenness"][2])


def test_few_steps_and_no_pairs():
    two = geometry(RNG.normal(size=(3, 2, 4)), RNG.random((3, 2, 1, 5, 5))).columns
    assert two["latent_ratio"] == pytest.approx(1)
    assert np.isnan(two["norm_dip"]).all()
    assert len(geometry(np.zeros((0, 5, 4)), np.zeros((0, 5, 1, 8, 8)))) == 0
    with pytest.raises(ShapeError, match="two steps"):
        geometry(np.zeros((3, 1, 4)))
    with pytest.raises(ShapeError, match="not those"):
        geometry(np.zeros((3, 5, 4)), np.zeros((3, 6, 1, 8, 8)))


def test_every_column_is_in_the_catalogue_and_within_bounds():
    ways, frames = RNG.normal(size=(20, 5, 36)), RNG.random((20, 5, 1, 6, 6))
    columns = geometry(
        ways, frames, data=RNG.normal(size=(50, 36)), density=lambda z: -z.square().sum(1),
        encode=lambda images: images.flatten(1),
    ).columns  # fmt: skip
    assert len(columns) == 13
    for name, values in columns.items():
        low, high = CATALOGUE[name].bounds
        assert low is None or (values >= low).all()
        assert high is None or (values <= high).all()
