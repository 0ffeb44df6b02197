import json

import numpy as np
import pytest

from latentscape.errors import RunError, UsageError
from latentscape.projection import (
    LLE,
    PCA,
    PROJECTORS,
    TSNE,
    UMAP,
    Isomap,
    Latent,
    PaCMAP,
    load_projector,
    principal_axes,
    projector_named,
)
from latentscape.testing.projector_contract import ProjectorContract, three_clusters


class TestPCA(ProjectorContract):
    def projector(self, seed=0):
        return PCA(seed=seed)


class TestLatent(ProjectorContract):
    size = 2

    def projector(self, seed=0):
        return Latent(seed=seed)

    def test_positions_are_the_latents(self):
        latents, _ = three_clusters(size=2)
        np.testing.assert_array_equal(Latent().fit_transform(latents), latents)

    def test_one_latent_names_one_axis(self):
        assert Latent().fit(np.arange(5.0)[:, None]).axes == ("z₁", "")
        assert Latent().fit(three_clusters(size=2)[0]).axes == ("z₁", "z₂")

    def test_more_than_two_latents_are_refused(self):
        with pytest.raises(UsageError, match="6 numbers"):
            Latent().fit(three_clusters()[0])


class TestPaCMAP(ProjectorContract):
    def projector(self, seed=0):
        return PaCMAP(seed=seed)


class TestTSNE(ProjectorContract):
    def projector(self, seed=0):
        return TSNE(seed=seed)


@pytest.mark.slow
class TestUMAP(ProjectorContract):
    def projector(self, seed=0):
        return UMAP(seed=seed)


class TestIsomap(ProjectorContract):
    def projector(self, seed=0):
        return Isomap(seed=seed)


class TestLLE(ProjectorContract):
    def projector(self, seed=0):
        return LLE(seed=seed)


SWEPT = {TestPCA, TestLatent, TestPaCMAP, TestTSNE, TestUMAP, TestIsomap, TestLLE}


def test_every_projector_is_swept_through_the_contract():
    assert {type(swept().projector()) for swept in SWEPT} == set(PROJECTORS.values())


@pytest.mark.parametrize(
    "shape", [(300, 5), (40, 60), (700, 600), (600, 900)], ids=["tall", "wide", "large", "grid"]
)
def test_pca_agrees_with_scikit_learn(shape):
    from sklearn.decomposition import PCA as Reference

    rng = np.random.default_rng(0)
    scale = np.linspace(3, 1, shape[1]) ** 2
    rows = (rng.normal(size=shape) * scale + 4).astype(np.float32)
    ours = PCA().fit(rows)
    reference = Reference(2, svd_solver="full").fit(rows.astype(np.float64))
    shares = reference.explained_variance_ratio_
    np.testing.assert_allclose(ours.explained, shares, rtol=1e-4)
    overlap = np.abs((ours.components * reference.components_).sum(1))
    np.testing.assert_allclose(overlap, 1, atol=1e-4)


@pytest.mark.parametrize("shape", [(600, 700), (30, 40), (700, 600)])
def test_points_on_one_line_have_two_axes_still(shape):
    rng = np.random.default_rng(0)
    line = rng.normal(size=(shape[0], 1)) * rng.normal(size=(1, shape[1]))
    axes, variances = principal_axes(line - line.mean(0))
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-6)
    assert variances[1] == pytest.approx(0, abs=1e-9 * variances[0])


def test_pca_of_a_known_ellipse():
    angle = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    rows = np.stack([np.cos(angle), 3 * np.sin(angle), np.full(1000, 7.0)], axis=1)
    axes, variances = principal_axes(rows - rows.mean(0))
    np.testing.assert_allclose(axes, [[0, 1, 0], [1, 0, 0]], atol=1e-9)
    np.testing.assert_allclose(variances, [4.5, 0.5])
    assert PCA().fit(rows).axes == ("PC 1 (90%)", "PC 2 (10%)")


def test_a_grid_latent_is_read_as_one_row():
    latents, _ = three_clusters(size=12)
    flat = PCA().fit_transform(latents)
    np.testing.assert_array_equal(PCA().fit_transform(latents.reshape(90, 3, 2, 2)), flat)


@pytest.mark.parametrize("method", ["pca", "latent", "pacmap", "tsne", "isomap", "lle"])
def test_a_single_latent_is_drawn_along_a_line(method):
    latents = np.random.default_rng(0).normal(size=(30, 1)).astype(np.float32)
    positions = projector_named(method)().fit_transform(latents)
    assert positions.shape == (30, 2)
    assert np.isfinite(positions).all()


def test_more_dimensions_than_points():
    latents, labels = three_clusters(30, size=200)
    for projector in (PCA(), PaCMAP(), TSNE(), Isomap(), LLE()):
        assert np.isfinite(projector.fit_transform(latents)).all()
    assert len(labels) == 30


def test_a_misspelt_method_is_met_with_the_nearest():
    with pytest.raises(UsageError, match="no projection method 'pacmpa'") as caught:
        projector_named("pacmpa")
    assert caught.value.hint == "did you mean pacmap?"
    assert projector_named("umap") is UMAP


def test_an_off_centre_map_places_further_points_where_it_lies():
    """openTSNE moves a map to the origin before it places points on it; ours must not notice."""
    latents, labels = three_clusters(120)
    latents[0] += 400  # a lone point: the middle of the map's box is not its mean
    projector = TSNE()
    positions = projector.fit_transform(latents[:90])
    middle = (positions.max(0) + positions.min(0)) / 2
    assert np.linalg.norm(middle) > 1
    placed = projector.transform(latents[90:])
    for label in range(3):
        own = positions[1:90][labels[1:90] == label].mean(0)
        found = placed[labels[90:] == label].mean(0)
        assert np.linalg.norm(found - own) < 0.1 * np.linalg.norm(middle)


def test_pacmap_leaves_other_searches_their_threads():
    import faiss

    before = faiss.omp_get_max_threads()
    latents, _ = three_clusters(60)
    PaCMAP().fit(latents[:40]).transform(latents[40:])
    assert faiss.omp_get_max_threads() == before


def test_a_damaged_or_foreign_file_is_refused(tmp_path):
    file = PCA().fit(three_clusters()[0]).save(tmp_path / "map")
    whole = file.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"PK\x03\x04 nothing"):
        file.write_bytes(content)
        with pytest.raises(RunError, match="cannot be read"):
            load_projector(file)
    with pytest.raises(RunError, match="no map"):
        load_projector(tmp_path / "nowhere")
    np.savez(tmp_path / "other.npz", about=np.array(json.dumps({"format": 99})))
    with pytest.raises(RunError, match="cannot be read"):
        load_projector(tmp_path / "other")
    np.savez(tmp_path / "code.npz", about=np.array([print], dtype=object))
    with pytest.raises(RunError, match="cannot be read"):
        load_projector(tmp_path / "code.npz")


def test_a_random_walks_own_pca_is_a_horseshoe_and_the_corpus_draws_none():
    """Antognini & Sohl-Dickstein 2018: of a walk in many dimensions PC 1 holds 6/π² of it."""
    rng = np.random.default_rng(0)
    walk = rng.normal(size=(400, 600)).cumsum(0)
    assert PCA().fit(walk).explained[0] == pytest.approx(6 / np.pi**2, abs=0.02)
    corpus = rng.normal(size=(2000, 600)) * np.sqrt(400)
    assert PCA().fit(corpus).explained[0] < 0.01
