"""What every Projector must do. Subclass, give `projector`, and pytest runs the rest."""

# ruff: noqa: D102 - the name of a test is its sentence

import json
from abc import ABC, abstractmethod

import numpy as np
import pytest

from latentscape.errors import DataError, ShapeError, UsageError
from latentscape.metrics import nearest_neighbours
from latentscape.projection import Projector, load_projector


def three_clusters(n: int = 90, *, size: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of three round clusters far apart, and which cluster each belongs to."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centres = rng.normal(scale=20, size=(3, size))
    return (centres[labels] + rng.normal(size=(n, size))).astype(np.float32), labels


def share_of_own_neighbours(positions: np.ndarray, labels: np.ndarray, k: int = 5) -> float:
    """Share of each point's k neighbours that are of its own cluster."""
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    near = distances.argsort(axis=1)[:, :k]
    return float((labels[near] == labels[:, None]).mean())


class ProjectorContract(ABC):
    """Every projector keeps clusters, repeats itself, and is kind to small and odd data.

    What is fitted can be saved; the neighbours it is made from can be found once for all.
    """

    size = 6

    @abstractmethod
    def projector(self, seed: int = 0) -> Projector:
        """A fresh projector."""

    def test_neighbours_stay_neighbours(self):
        latents, labels = three_clusters(size=self.size)
        positions = self.projector().fit_transform(latents)
        assert positions.shape == (90, 2)
        assert positions.dtype == np.float32
        assert share_of_own_neighbours(positions, labels) > 0.95

    def test_the_same_seed_gives_the_same_map(self):
        latents, _ = three_clusters(size=self.size)
        first = self.projector(seed=3).fit_transform(latents)
        np.testing.assert_array_equal(self.projector(seed=3).fit_transform(latents), first)

    def test_further_points_land_in_their_own_cluster(self):
        latents, labels = three_clusters(120, size=self.size)
        projector = self.projector().fit(latents[:90])
        positions = np.vstack(
            [projector.transform(latents[:90]), projector.transform(latents[90:])]
        )
        assert share_of_own_neighbours(positions, labels) > 0.9

    def test_a_latent_of_the_fit_lands_on_its_own_position(self):
        latents, _ = three_clusters(size=self.size)
        projector = self.projector()
        positions = projector.fit_transform(latents)
        np.testing.assert_allclose(projector.transform(latents[30:40]), positions[30:40], atol=1e-4)

    def test_a_saved_map_places_further_points_alike(self, tmp_path):
        latents, _ = three_clusters(120, size=self.size)
        projector = self.projector(seed=2)
        projector.fit(latents[:90])
        before = projector.transform(latents[90:])
        loaded = load_projector(projector.save(tmp_path / "maps" / "mine"))
        np.testing.assert_array_equal(loaded.transform(latents[90:]), before)
        np.testing.assert_array_equal(projector.transform(latents[90:]), before)
        assert type(loaded) is type(projector)
        assert (loaded.parameters, loaded.axes) == (projector.parameters, projector.axes)
        assert [path.name for path in (tmp_path / "maps").iterdir()] == ["mine.npz"]

    def test_a_saved_map_of_one_point_is_one_point(self, tmp_path):
        latents = np.ones((20, self.size), np.float32)
        loaded = load_projector(self.projector().fit(latents).save(tmp_path / "point.npz"))
        assert not loaded.transform(latents[:3]).any()

    def test_no_map_no_file(self, tmp_path):
        with pytest.raises(UsageError, match="no map"):
            self.projector().save(tmp_path / "mine")
        assert not list(tmp_path.iterdir())

    def test_neighbours_that_are_known_give_the_map_that_is_found_without_them(self):
        latents, _ = three_clusters(size=self.size)
        known = nearest_neighbours(latents, len(latents) - 1)
        positions = self.projector().fit_transform(latents, neighbours=known)
        np.testing.assert_array_equal(positions, self.projector().fit_transform(latents))

    def test_neighbours_of_other_latents_are_refused(self):
        latents, _ = three_clusters(size=self.size)
        with pytest.raises(ShapeError, match="neighbours of 60"):
            self.projector().fit(latents, neighbours=nearest_neighbours(latents[:60], 5))

    def test_many_copies_of_few_latents(self):
        latents, _ = three_clusters(12, size=self.size)
        positions = self.projector().fit_transform(latents.repeat(12, axis=0))
        assert np.isfinite(positions).all()

    def test_the_input_is_left_as_it_was(self):
        latents, _ = three_clusters(size=self.size)
        before = latents.copy()
        self.projector().fit_transform(latents)
        np.testing.assert_array_equal(latents, before)

    def test_as_few_points_as_it_says_are_enough(self):
        projector = self.projector()
        latents, _ = three_clusters(projector.fewest, size=self.size)
        positions = projector.fit_transform(latents)
        assert positions.shape == (projector.fewest, 2)
        assert np.isfinite(positions).all()

    def test_a_fit_to_few_points_leaves_no_trace_in_the_next(self):
        latents, _ = three_clusters(120, size=self.size)
        fresh, again = self.projector(), self.projector()
        again.fit(latents[: again.fewest])
        again.fit(np.ones((20, self.size), np.float32))
        assert again.parameters == self.projector().parameters
        positions = fresh.fit_transform(latents)
        np.testing.assert_array_equal(again.fit_transform(latents), positions)
        assert again.parameters == fresh.parameters

    def test_fewer_are_refused_with_a_sentence(self):
        projector = self.projector()
        latents, _ = three_clusters(projector.fewest, size=self.size)
        with pytest.raises(ShapeError, match="at least"):
            projector.fit_transform(latents[: projector.fewest - 1])

    def test_a_collapsed_space_is_one_point(self):
        positions = self.projector().fit_transform(np.ones((20, self.size), np.float32))
        np.testing.assert_array_equal(positions, np.zeros((20, 2)))

    def test_latents_that_are_not_finite_are_refused(self):
        latents, _ = three_clusters(size=self.size)
        latents[4, 1] = np.nan
        with pytest.raises(DataError, match="1 of 90"):
            self.projector().fit_transform(latents)

    def test_no_map_no_place(self):
        with pytest.raises(UsageError, match="no map"):
            self.projector().transform(np.zeros((3, self.size), np.float32))

    def test_other_latents_than_the_fitted_are_refused(self):
        latents, _ = three_clusters(size=self.size)
        projector = self.projector().fit(latents)
        with pytest.raises(ShapeError):
            projector.transform(np.zeros((3, self.size + 1), np.float32))

    def test_parameters_are_plain_values(self):
        latents, _ = three_clusters(size=self.size)
        projector = self.projector().fit(latents)
        assert json.loads(json.dumps(projector.parameters)) == projector.parameters
        assert len(projector.axes) == 2
