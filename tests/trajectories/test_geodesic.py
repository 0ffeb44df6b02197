"""Geodesics: curves that are known, curves that must not be worse, and what can go wrong."""

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories import Surroundings, interpolator_named
from latentscape.trajectories.geodesic import Geodesic, geodesics
from latentscape.trajectories.geodesic_search import ENDLESS, NOT_FINITE, GeodesicSettings

FINE = GeodesicSettings(n_nodes=40, tolerance=1e-6)


def pixels(*columns: torch.Tensor) -> torch.Tensor:
    """Numbers of each latent as an image one pixel high."""
    return torch.stack(columns, 1)[:, None, None]


def sphere(z: torch.Tensor) -> torch.Tensor:
    """Longitude and latitude to a point on the unit sphere."""
    longitude, latitude = z.unbind(1)
    across = latitude.cos()
    return pixels(across * longitude.cos(), across * longitude.sin(), latitude.sin())


def polar(z: torch.Tensor) -> torch.Tensor:
    """Radius and angle to a point of the plane."""
    return pixels(z[:, 0] * z[:, 1].cos(), z[:, 0] * z[:, 1].sin())


def paraboloid(z: torch.Tensor) -> torch.Tensor:
    return pixels(z[:, 0], z[:, 1], z.square().sum(1))


def network(shape: tuple[int, ...], seed: int = 0, width: int = 48):
    """A decoder that bends: one hidden layer, 48 pixels in [0, 1]."""
    rng = np.random.default_rng(seed)
    n = int(np.prod(shape))
    first = torch.from_numpy(rng.normal(size=(n, width)).astype(np.float32)) / n**0.5
    second = torch.from_numpy(rng.normal(size=(width, 48)).astype(np.float32)) / width**0.5

    def decode(latents: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(2 * latents.flatten(1) @ first)
        return torch.sigmoid(3 * hidden @ second).view(-1, 3, 4, 4)

    return decode


def some_ends(shape: tuple[int, ...], n: int = 6) -> tuple[np.ndarray, np.ndarray]:
    starts, ends = np.random.default_rng(1).normal(size=(2, n, *shape)).astype(np.float32)
    return starts, ends


def decoded(decode, latents: np.ndarray) -> np.ndarray:
    """``pairs steps values`` of what latents decode to."""
    flat = torch.from_numpy(latents).flatten(0, 1)
    return decode(flat).view(*latents.shape[:2], -1).numpy()


def test_where_images_are_latents_the_geodesic_is_the_line():
    starts, ends = some_ends((4,))
    found = geodesics(starts, ends, n_steps=5, decode=lambda z: z.view(-1, 1, 2, 2))
    t = np.linspace(0, 1, 5)[:, None]
    line = (1 - t) * starts[:, None] + t * ends[:, None]
    np.testing.assert_allclose(found.latents, line, atol=1e-5)
    apart = np.linalg.norm(ends - starts, axis=1)
    np.testing.assert_allclose(found.length, apart, rtol=1e-5)
    np.testing.assert_allclose(found.energy, apart**2 / 2, rtol=1e-5)
    assert found.converged.all()
    assert (found.n_iterations == 1).all()


def test_on_a_sphere_it_is_the_great_circle():
    starts = np.array([[0.0, 0.6], [-1.0, 0.2], [0.0, -1.0]])
    ends = np.array([[1.8, 0.6], [0.4, 1.1], [0.0, 1.2]])
    found = geodesics(starts, ends, n_steps=9, decode=sphere, settings=FINE)
    points = decoded(sphere, found.latents)
    angle = np.arccos((points[:, 0] * points[:, -1]).sum(1))
    assert found.converged.all()
    np.testing.assert_allclose(found.length, angle, rtol=1e-3)
    np.testing.assert_allclose(found.energy, angle**2 / 2, rtol=2e-3)
    normal = np.cross(points[:, 0], points[:, -1])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    np.testing.assert_allclose(np.einsum("pic,pc->pi", points, normal), 0, atol=5e-3)
    between = np.arccos((points[:, 1:] * points[:, :-1]).sum(2))
    np.testing.assert_allclose(between, (angle / 8)[:, None].repeat(8, 1), rtol=1e-2)


def test_in_polar_coordinates_it_is_the_straight_chord():
    starts, ends = np.array([[1.0, 0.0], [2.0, -0.5]]), np.array([[1.5, 2.0], [0.7, 1.5]])
    found = geodesics(starts, ends, n_steps=6, decode=polar, settings=FINE)
    points = decoded(polar, found.latents)
    t = np.linspace(0, 1, 6)[:, None]
    chord = (1 - t) * points[:, :1] + t * points[:, -1:]
    np.testing.assert_allclose(points, chord, atol=5e-3)
    np.testing.assert_allclose(
        found.length, np.linalg.norm(points[:, -1] - points[:, 0], axis=1), rtol=1e-3
    )
    assert (found.length < found.length_of_line).all()


def test_on_a_paraboloid_it_is_as_long_as_dijkstra_finds():
    """Shortest way on a grid whose points see all others within five steps."""
    side, reach = 121, 5
    axis = np.linspace(-1.5, 1.5, side)
    x, y = (part.reshape(-1) for part in np.meshgrid(axis, axis, indexing="ij"))
    lifted = np.stack([x, y, x**2 + y**2], 1)
    number = np.arange(side**2).reshape(side, side)
    rows, columns = [], []
    for i in range(reach + 1):
        for j in range(-reach, reach + 1):
            if np.gcd(i, j) != 1:
                continue
            left = slice(max(0, -j), side - max(0, j)), slice(max(0, j), side - max(0, -j))
            rows.append(number[: side - i, left[0]].reshape(-1))
            columns.append(number[i:, left[1]].reshape(-1))
    a, b = np.concatenate(rows), np.concatenate(columns)
    graph = coo_array((np.linalg.norm(lifted[a] - lifted[b], axis=1), (a, b)), (side**2,) * 2)
    start, end = number[20, 40], number[96, 76]
    shortest = dijkstra(graph.tocsr(), directed=False, indices=start)[end]
    ends = [np.array([[x[node], y[node]]]) for node in (start, end)]
    found = geodesics(*ends, n_steps=10, decode=paraboloid, settings=FINE)
    assert found.converged.all()
    np.testing.assert_allclose(found.length, shortest, rtol=5e-3)
    assert found.length_of_line[0] > 1.02 * shortest


@pytest.mark.parametrize("shape", [(1,), (7,), (2, 3, 3), (4, 9, 9)], ids=str)
def test_never_worse_than_the_line_whatever_the_latent_s_shape(shape):
    starts, ends = some_ends(shape)
    decode = network(shape)
    found = geodesics(starts, ends, n_steps=8, decode=decode)
    assert found.latents.shape == (6, 8, *shape)
    assert found.latents.dtype == np.float32
    np.testing.assert_array_equal(found.latents[:, [0, -1]], np.stack([starts, ends], 1))
    assert (found.energy <= found.energy_of_line * (1 + 1e-6)).all()
    assert (found.length <= found.length_of_line * (1 + 1e-4)).all()
    assert found.converged.all()
    if shape != (1,):
        assert found.energy.mean() < 0.98 * found.energy_of_line.mean()


def test_energy_is_that_of_the_definition():
    starts, ends = some_ends((5,))
    decode = network((5,))
    found = geodesics(starts, ends, n_steps=4, decode=decode)
    t = np.linspace(0, 1, 20, dtype=np.float32)[:, None]
    points = decoded(decode, (1 - t) * starts[:, None] + t * ends[:, None])
    expected = 19 / 2 * np.square(np.diff(points, axis=1)).sum((1, 2))
    np.testing.assert_allclose(found.energy_of_line, expected, rtol=1e-4)


def test_a_stricter_search_finds_hardly_less():
    starts, ends = some_ends((8,), 20)
    words = {"n_steps": 10, "decode": network((8,))}
    found = geodesics(starts, ends, **words)
    strict = GeodesicSettings(tolerance=1e-7, most=2000)
    best = geodesics(starts, ends, settings=strict, **words)
    gained = (found.energy - best.energy) / found.energy_of_line
    assert np.median(gained) < 2e-3
    assert (found.n_iterations <= best.n_iterations).all()


def test_steps_are_equally_long_in_the_metric():
    starts, ends = some_ends((6,), 20)
    decode = network((6,))
    words = {"n_steps": 40, "decode": decode}
    points = decoded(decode, geodesics(starts, ends, **words).latents)
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    assert (steps.std(1) / steps.mean(1)).max() < 0.05


def test_in_features_it_is_shorter_in_features_than_in_pixels():
    starts, ends = some_ends((6,), 20)
    decode = network((6,), width=96)
    weights = np.random.default_rng(5).normal(size=(48, 8)) / 4
    weights = torch.from_numpy(weights.astype(np.float32))

    def features(images: torch.Tensor) -> torch.Tensor:
        return torch.tanh(images.flatten(1) @ weights)

    def feature_length(latents: np.ndarray) -> float:
        seen = decoded(lambda z: features(decode(z)), latents)
        return float(np.linalg.norm(np.diff(seen, axis=1), axis=2).sum())

    in_features = geodesics(starts, ends, n_steps=60, decode=decode, features=features)
    in_pixels = geodesics(starts, ends, n_steps=60, decode=decode)
    assert feature_length(in_features.latents) < 0.97 * feature_length(in_pixels.latents)
    np.testing.assert_allclose(
        in_features.length.sum(), feature_length(in_features.latents), rtol=2e-2
    )


def test_a_density_keeps_the_curve_where_latents_are():
    """Latents on a ring, a decoder for which straight across is shortest."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 3000)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1) * rng.normal(3, 0.1, (3000, 1))
    around = Surroundings(ring.astype(np.float32), lambda z: z.view(-1, 1, 1, 2))
    starts, ends = np.array([[3.0, 0.0]]), np.array([[0.0, 3.0]])
    straight = Geodesic(around)(starts, ends, n_steps=15)
    way = Geodesic(around, metric="density")
    dense = way(starts, ends, n_steps=15)
    log_p, weight = way.density
    assert weight > 0
    heights = [log_p(torch.from_numpy(curve[0])).mean() for curve in (dense, straight)]
    assert heights[0] > heights[1] + 1
    assert np.abs(np.linalg.norm(dense[0], axis=1) - 3).max() < 0.4
    assert np.linalg.norm(straight[0], axis=1).min() < 2.2


def test_the_unit_of_latents_does_not_matter():
    starts, ends = some_ends((5,))
    decode = network((5,))
    latents = np.random.default_rng(3).normal(size=(400, 5)).astype(np.float32)
    for metric in ("pixels", "density"):
        plain = Geodesic(Surroundings(latents, decode), metric=metric)
        large = Geodesic(Surroundings(64 * latents, lambda z: decode(z / 64)), metric=metric)
        expected = plain(starts, ends, n_steps=6)
        np.testing.assert_allclose(
            large(64 * starts, 64 * ends, n_steps=6) / 64, expected, atol=0.05
        )
        np.testing.assert_allclose(large.last.energy, plain.last.energy, rtol=1e-3)


def test_pairs_are_found_alone_as_together_and_again_alike():
    starts, ends = some_ends((6,), 9)
    words = {"n_steps": 7, "decode": network((6,))}
    together = geodesics(starts, ends, **words)
    np.testing.assert_array_equal(geodesics(starts, ends, **words).latents, together.latents)
    for pair in (0, 4):
        alone = geodesics(starts[pair : pair + 1], ends[pair : pair + 1], **words)
        np.testing.assert_allclose(alone.energy, together.energy[pair : pair + 1], rtol=1e-3)
        np.testing.assert_allclose(alone.latents[0], together.latents[pair], atol=0.05)


def test_a_small_memory_changes_nothing(monkeypatch):
    starts, ends = some_ends((6,), 5)
    words = {"n_steps": 7, "decode": network((6,))}
    whole = geodesics(starts, ends, **words)
    monkeypatch.setattr("latentscape.trajectories.geodesic_energy.MEMORY_BYTES", 3000)
    monkeypatch.setattr("latentscape.trajectories.geodesic.SEARCH_BYTES", 20_000)
    parts = geodesics(starts, ends, **words)
    np.testing.assert_allclose(parts.energy, whole.energy, rtol=1e-3)
    np.testing.assert_allclose(parts.length, whole.length, rtol=1e-3)


def test_from_a_latent_to_itself_nothing_moves():
    starts, ends = some_ends((5,), 3)
    ends[1] = starts[1]
    decode = network((5,))
    found = geodesics(starts, ends, n_steps=4, decode=decode)
    np.testing.assert_allclose(found.latents[1], starts[1:2].repeat(4, 0), atol=1e-6)
    assert found.converged.all()
    assert found.length[1] < 1e-5
    around = Surroundings(starts.repeat(20, 0), decode)
    still = interpolator_named("geodesic-density", around)(starts, starts, n_steps=4)
    np.testing.assert_allclose(still, starts[:, None].repeat(4, 1), atol=1e-5)


def test_a_decoder_that_breaks_marks_its_pair_and_the_others_go_on():
    starts, ends = some_ends((5,), 4)
    starts[2, 0] = 100.0
    whole = network((5,))

    def decode(z: torch.Tensor) -> torch.Tensor:
        return torch.where((z[:, 0] > 50)[:, None, None, None], torch.nan, whole(z))

    found = geodesics(starts, ends, n_steps=6, decode=decode)
    assert found.converged.tolist() == [True, True, False, True]
    assert found.reasons == ("", "", NOT_FINITE, "")
    assert np.isnan(found.energy[2])
    assert np.isfinite(found.latents).all()
    for name in ("search_ratio", "search_converged", "search_evaluations"):
        assert np.isnan(found.columns[name]).tolist() == [False, False, True, False]
    assert (found.columns["search_converged"][[0, 1, 3]] == 1).all()
    rest = [0, 1, 3]
    alone = geodesics(starts[rest], ends[rest], n_steps=6, decode=decode)
    np.testing.assert_allclose(found.energy[rest], alone.energy, rtol=1e-3)
    starts[0, 1] = np.nan
    broken = geodesics(starts, ends, n_steps=6, decode=decode)
    assert np.isnan(broken.latents[0, 1:-1]).all()
    assert broken.reasons[0] == NOT_FINITE


def test_a_hole_of_nan_is_not_stepped_into():
    """The line passes beside what does not decode, and the curve would go through it."""

    def decode(z: torch.Tensor) -> torch.Tensor:
        return torch.where((z[:, 0] < 0.9)[:, None, None, None], torch.nan, polar(z))

    ends = np.array([[1.0, 0.0]]), np.array([[1.0, 2.5]])
    found = geodesics(*ends, n_steps=6, decode=decode)
    assert np.isfinite(found.energy).all()
    assert found.energy <= found.energy_of_line
    assert (found.latents[..., 0] >= 0.9).all()


def test_a_decoder_that_is_flat_keeps_the_line():
    starts, ends = some_ends((3,), 2)
    found = geodesics(starts, ends, n_steps=3, decode=lambda z: (0 * z).view(-1, 1, 1, 3))
    np.testing.assert_allclose(found.latents[:, 1], (starts + ends) / 2, atol=1e-6)
    assert (found.length == 0).all()


def test_a_search_that_is_ended_says_so():
    starts, ends = some_ends((8,))
    settings = GeodesicSettings(tolerance=1e-9, most=3)
    found = geodesics(starts, ends, n_steps=3, decode=network((8,)), settings=settings)
    assert not found.converged.any()
    assert (found.n_iterations == 3).all()
    assert set(found.reasons) == {ENDLESS}
    assert (found.energy < found.energy_of_line).all()


def test_no_pairs_and_odd_words():
    empty = geodesics(np.zeros((0, 5)), np.zeros((0, 5)), n_steps=3, decode=network((5,)))
    assert empty.latents.shape == (0, 3, 5)
    assert empty.reasons == ()
    with pytest.raises(UsageError, match="no gradients") as caught:
        geodesics(*some_ends((5,)), n_steps=3, decode=lambda z: torch.rand(len(z), 1, 2, 2))
    assert "graph" in caught.value.hint
    with pytest.raises(UsageError, match="2 nodes"):
        GeodesicSettings(n_nodes=2)
    with pytest.raises(ShapeError):
        geodesics(np.zeros((2, 5)), np.zeros((3, 5)), n_steps=3, decode=network((5,)))
    with pytest.raises(UsageError, match="needs features"):
        Geodesic(Surroundings(decode=network((5,))), metric="features")
