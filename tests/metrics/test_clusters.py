import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn import metrics as reference
from sklearn.metrics.cluster import contingency_matrix

from latentscape.metrics.clusters import CLUSTERINGS, agreements, cluster_rows
from latentscape.metrics.labelled import Labelled


def table_of(labels: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    return contingency_matrix(labels, clusters)[None]


def cases():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 200)
    yield "random", labels, rng.integers(0, 7, 200)
    yield "the same", labels, labels
    yield "renamed", labels, (labels * 2 + 1) % 5
    yield "one cluster", labels, np.zeros(200, int)
    yield "a cluster each", labels, np.arange(200)
    yield "half right", labels, np.where(rng.random(200) < 0.5, labels, rng.integers(0, 5, 200))
    yield "two samples", np.array([0, 1]), np.array([0, 0])
    yield "both one", np.zeros(9, int), np.zeros(9, int)


@pytest.mark.parametrize(("what", "labels", "clusters"), list(cases()), ids=lambda c: str(c)[:12])
def test_agreements_are_scikit_learns(what: str, labels: np.ndarray, clusters: np.ndarray):
    table = table_of(labels, clusters)
    ours = {name: value[0] for name, value in agreements(table).items()}
    matched = table[0][linear_sum_assignment(-table[0])].sum() / len(labels)
    expected = {
        "adjusted_rand": reference.adjusted_rand_score(labels, clusters),
        "nmi": reference.normalized_mutual_info_score(labels, clusters),
        "v_measure": reference.v_measure_score(labels, clusters),
        "homogeneity": reference.homogeneity_score(labels, clusters),
        "completeness": reference.completeness_score(labels, clusters),
        "hungarian_accuracy": matched,
    }
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value, abs=1e-9), (what, name)


def test_noise_matches_no_class():
    table = np.array([[[8, 2, 0], [8, 0, 2]]])  # the first column is noise
    assert agreements(table, n_noise=1)["hungarian_accuracy"][0] == pytest.approx(0.2)
    assert agreements(np.array([[[5], [5]]]), n_noise=1)["hungarian_accuracy"][0] == 0


def blobs(n: int = 300, seed: int = 0) -> Labelled:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    centres = np.array([[0, 0], [12, 0], [0, 12]])
    return Labelled.of(centres[labels] + rng.normal(size=(n, 2)), labels, ("a", "b", "c"))


def test_planted_clusters_are_found_at_any_scale():
    labelled = blobs()
    for scale in (1e-6, 1.0, 1e6):
        scaled = Labelled.of(labelled.rows * scale, labelled.labels, labelled.names)
        for row in cluster_rows(scaled, seed=0):
            assert row["adjusted_rand"].value > 0.97, (scale, row.name)


def test_every_clustering_says_how_and_on_how_many(monkeypatch):
    monkeypatch.setitem(CLUSTERINGS, "spectral", (CLUSTERINGS["spectral"][0], 100))
    rows = {row.name: row for row in cluster_rows(blobs(), seed=0)}
    assert list(rows) == ["k-means", "Gaussian mixture", "agglomerative", "HDBSCAN", "spectral"]
    assert rows["spectral"]["nmi"].n == 100
    assert "100 of 300 samples, chosen by seed" in rows["spectral"].note
    assert "separate parts" in rows["spectral"].note
    assert "10 restarts" in rows["k-means"].note
    measure = rows["k-means"]["adjusted_rand"]
    assert "clusters held" in measure.interval
    assert measure.reference.value == pytest.approx(0, abs=0.02)


def test_a_cloud_without_clusters_is_noise_to_hdbscan():
    rng = np.random.default_rng(0)
    labelled = Labelled.of(rng.uniform(size=(400, 8)), rng.integers(0, 4, 400), tuple("abcd"))
    row = next(row for row in cluster_rows(labelled, seed=0) if row.name == "HDBSCAN")
    assert row["n_clusters"].value == 0
    assert row["noise_share"].value == 1
    assert row["hungarian_accuracy"].value == 0


def test_fewer_samples_than_clusters_need_are_refused():
    labelled = Labelled.of(np.arange(4.0)[:, None], np.array([0, 1, 2, 2]), ("a", "b", "c"))
    assert not any(row.undefined for row in cluster_rows(labelled, seed=0))
    fewer = labelled.take(np.array([0, 2, 3]))
    for row in cluster_rows(fewer, seed=0):
        assert "3 samples do not make 3 clusters" in row.undefined[0].why
