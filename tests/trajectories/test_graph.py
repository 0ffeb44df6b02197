import numpy as np
import pytest
import torch
from scipy.spatial import KDTree
from sklearn.datasets import make_swiss_roll

from latentscape.errors import UndefinedError, UsageError
from latentscape.trajectories import Graph, Surroundings, linear


def lengths(line: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(line, axis=1), axis=2).sum(1)


def half_circle(n: int = 400, radius: float = 5.0) -> np.ndarray:
    angle = np.sort(np.random.default_rng(0).uniform(0, np.pi, n))
    return (radius * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(np.float32)


def test_the_way_round_a_half_circle_is_the_arc():
    points = half_circle()
    line = Graph(Surroundings(points))(points[:1], points[-1:], n_steps=50)[0]
    angle = np.arctan2(points[:, 1], points[:, 0])
    arc = 5 * (angle[-1] - angle[0])
    assert lengths(line[None])[0] == pytest.approx(arc, rel=0.01)
    np.testing.assert_allclose(np.linalg.norm(line, axis=1), 5, rtol=0.01)


def test_on_a_swiss_roll_it_follows_the_roll():
    points, turn = make_swiss_roll(3000, random_state=0)
    height = points[:, 1]
    unrolled = np.stack([(turn * np.sqrt(1 + turn**2) + np.arcsinh(turn)) / 2, height], 1)
    rng = np.random.default_rng(0)
    starts, ends = rng.choice(3000, (2, 40), replace=False)
    line = Graph(Surroundings(points.astype(np.float32)))(points[starts], points[ends], n_steps=200)
    along = np.linalg.norm(unrolled[starts] - unrolled[ends], axis=1)
    chord = np.linalg.norm(points[starts] - points[ends], axis=1)
    assert np.median(lengths(line) / along) == pytest.approx(1, abs=0.08)
    assert (lengths(line) >= chord * (1 - 1e-6)).all()
    assert np.median(lengths(line) / chord) > 1.2
    gap = KDTree(points).query(line.reshape(-1, 3))[0].max()
    assert gap < 1.5, "layers of the roll are 6.3 apart: no step is between two of them"


def test_steps_are_equally_far_and_few_steps_are_the_same_way():
    points = half_circle()
    way = Graph(Surroundings(points))
    line = way(points[:1], points[-1:], n_steps=9)
    step = np.linalg.norm(np.diff(line[0], axis=0), axis=1)
    assert step.std() / step.mean() < 0.01
    np.testing.assert_allclose(way(points[:1], points[-1:], n_steps=5), line[:, ::2], atol=1e-5)


def test_neighbours_are_joined_directly():
    points = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    starts = points[:20]
    ends = starts + np.float32(1e-3)
    line = Graph(Surroundings(points))(starts, ends, n_steps=4)
    np.testing.assert_allclose(line, linear(starts, ends, n_steps=4), atol=1e-6)


def test_clusters_far_apart_are_bridged():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(60, 2)), 50 + rng.normal(size=(60, 2))])
    line = Graph(Surroundings(points))(points[:1], points[-1:], n_steps=20)
    assert np.isfinite(line).all()
    assert lengths(line)[0] < 1.3 * np.linalg.norm(points[0] - points[-1])


def walled(latents: torch.Tensor) -> torch.Tensor:
    """Images that change fast where the first latent is near 0 and the second under 2."""
    x, y = latents[:, 0], latents[:, 1]
    wall = 40 * torch.sigmoid(8 * x) * torch.sigmoid(8 * (2 - y))
    return torch.stack([x, y, wall], 1)[:, :, None, None]


def test_decoded_distances_lead_round_what_the_decoder_changes_fast():
    rng = np.random.default_rng(0)
    points = rng.uniform(-4, 4, size=(3000, 2)).astype(np.float32)
    starts, ends = np.array([[-3.0, 0.0]]), np.array([[3.0, 3.5]])
    around = Surroundings(points, walled, lambda images: images[:, :2, 0, 0])
    ways = {
        seen: Graph(around, seen=seen)(starts, ends, n_steps=60)
        for seen in ("latent", "decoded", "features")
    }
    seen = {
        name: walled(torch.from_numpy(line[0]).float()).flatten(1).numpy()[None]
        for name, line in ways.items()
    }
    assert lengths(seen["decoded"])[0] < 0.8 * lengths(seen["latent"])[0]
    assert ways["decoded"][0, :, 1][np.abs(ways["decoded"][0, :, 0]) < 0.2].min() > 2
    assert lengths(ways["features"])[0] < lengths(ways["decoded"])[0]


def test_equal_decoded_steps_for_a_decoder_that_sleeps():
    points = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    around = Surroundings(points, lambda latents: torch.zeros(len(latents), 1, 2, 2))
    line = Graph(around, seen="decoded")(points[:3], points[3:6], n_steps=5)
    assert np.isfinite(line).all()


def test_a_draw_of_many_latents_is_seeded(monkeypatch):
    points = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    monkeypatch.setattr("latentscape.trajectories.graph.MOST_NODES", 100)
    first, again, other = (Graph(Surroundings(points, seed=s)).nodes.points for s in (0, 0, 1))
    assert len(first) == 100
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_latents_and_images_that_are_not_finite_are_no_nodes():
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    points[3] = np.nan

    def decode(latents: torch.Tensor) -> torch.Tensor:
        return torch.where(latents > 2, torch.nan, latents)[:, :, None, None]

    nodes = Graph(Surroundings(points, decode), seen="decoded").nodes.points
    assert len(nodes) == (np.isfinite(points).all(1) & (points <= 2).all(1)).sum()


def test_too_few_latents_and_missing_ones():
    ends = np.zeros((1, 2)), np.ones((1, 2))
    for points in (np.zeros((0, 2)), np.zeros((1, 2)), np.full((9, 2), np.nan)):
        with pytest.raises(UndefinedError):
            Graph(Surroundings(points))(*ends, n_steps=3)
    with pytest.raises(UsageError, match="needs decode"):
        Graph(Surroundings(np.zeros((9, 2))), seen="decoded")
    line = Graph(Surroundings(np.array([[0.0, 1.0], [1.0, 0.0]])))(*ends, n_steps=5)
    assert np.isfinite(line).all()
