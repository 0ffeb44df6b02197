"""Isomap and LLE: known answers, and scikit-learn's for the same points."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.datasets import make_swiss_roll

from latentscape.projection import LLE, PCA, Isomap
from latentscape.projection.lle import mixtures
from latentscape.testing.projector_contract import three_clusters


def swiss_roll(n: int = 800) -> tuple[np.ndarray, np.ndarray]:
    rows, along = make_swiss_roll(n, random_state=0)
    return rows.astype(np.float32), along


def aligned(found: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Each axis turned the way of the reference's."""
    return found * np.sign((found * reference).sum(0))


def unrolled(positions: np.ndarray, along: np.ndarray) -> float:
    return max(abs(spearmanr(column, along).statistic) for column in positions.T)


@pytest.mark.parametrize("method", [Isomap, LLE])
def test_a_swiss_roll_is_unrolled(method):
    rows, along = swiss_roll()
    assert unrolled(method().fit_transform(rows), along) > 0.97
    assert unrolled(PCA().fit_transform(rows), along) < 0.8


@pytest.mark.parametrize(("method", "n_landmarks"), [(Isomap, 150), (LLE, 700)])
def test_few_landmarks_unroll_it_too(method, n_landmarks):
    rows, along = swiss_roll(1200)
    few = method(n_landmarks=n_landmarks)
    assert unrolled(few.fit_transform(rows), along) > 0.97
    assert few.parameters["n_landmarks"] == n_landmarks


def test_isomap_is_scikit_learns():
    from sklearn.manifold import Isomap as Reference

    rows, _ = swiss_roll(500)
    ours = Isomap(n_neighbors=8)
    found = ours.fit_transform(rows)
    reference = Reference(n_neighbors=8).fit(rows.astype(float))
    scale = np.abs(reference.embedding_).max()
    np.testing.assert_allclose(
        aligned(found, reference.embedding_), reference.embedding_, atol=1e-4 * scale
    )
    new = rows[:40] + 0.1
    placed = reference.transform(new.astype(float))
    np.testing.assert_allclose(aligned(ours.transform(new), placed), placed, atol=1e-3 * scale)


def test_isomap_with_landmarks_is_near_isomap_with_all():
    rows, _ = swiss_roll(900)
    whole, few = Isomap().fit_transform(rows), Isomap(n_landmarks=150).fit_transform(rows)
    for a, b in zip(whole.T, aligned(few, whole).T, strict=True):
        assert np.corrcoef(a, b)[0, 1] > 0.98


def test_a_line_through_space_keeps_its_length():
    t = np.linspace(0, 3 * np.pi, 300)
    helix = np.stack([np.cos(t), np.sin(t), t / 4], 1).astype(np.float32)
    positions = Isomap(n_neighbors=3).fit_transform(helix)
    length = np.linalg.norm(np.diff(helix, axis=0), axis=1).sum()
    assert np.ptp(positions[:, 0]) == pytest.approx(length, rel=0.01)
    assert np.ptp(positions[:, 1]) < 0.05 * length


def test_lle_is_scikit_learns():
    from sklearn.manifold import LocallyLinearEmbedding as Reference

    rows, _ = swiss_roll(400)
    reference = Reference(n_neighbors=10, eigen_solver="dense").fit_transform(rows.astype(float))
    found = LLE().fit_transform(rows)
    expected = reference * np.sqrt(400)
    np.testing.assert_allclose(aligned(found, expected), expected, atol=0.01)


def test_mixtures_make_up_a_point_inside_its_neighbours():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(30, 3))
    near = np.tile(np.arange(6), (4, 1))
    weights = rng.dirichlet(np.ones(6), 4)
    rows = weights @ points[:6]
    found = mixtures(points, rows, near)
    np.testing.assert_allclose(found.sum(1), 1)
    np.testing.assert_allclose(found @ points[:6], rows, atol=0.02)


@pytest.mark.parametrize("method", [Isomap, LLE])
def test_pieces_are_counted_and_kept_apart(method):
    latents, labels = three_clusters(150)
    projector = method()
    positions = projector.fit_transform(latents)
    assert projector.parameters["n_pieces"] == 3
    centres = np.stack([positions[labels == i].mean(0) for i in range(3)])
    spread = max(positions[labels == i].std() for i in range(3))
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2)[np.triu_indices(3, 1)]
    assert np.isfinite(positions).all()
    assert gaps.min() > 3 * max(np.std(positions[labels == i], axis=0).max() for i in range(3))
    assert spread > 0
