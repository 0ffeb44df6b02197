import numpy as np
import pytest
import torch

from latentscape.errors import ShapeError
from latentscape.trajectories.beside_line import beside_line


def mean_of(images):
    return images.flatten(1).mean(1, keepdim=True)


def frames_of(values):
    """One-pixel images of these values, ``pairs steps 1 1 1``."""
    return torch.tensor(values, dtype=torch.float32)[..., None, None, None]


def test_a_detour_is_as_much_longer_as_its_steps():
    line = frames_of([[0.0, 0.5, 1.0], [0.0, 0.2, 0.4]])
    way = frames_of([[0.0, 1.5, 1.0], [0.0, 0.2, 0.4]])
    found = beside_line(way, line, features=lambda images: 3 * mean_of(images))
    np.testing.assert_allclose(found["line_decoded_ratio"], [2, 1])
    np.testing.assert_allclose(found["line_feature_ratio"], [2, 1], rtol=1e-6)


def test_features_see_what_they_see():
    rng = torch.Generator().manual_seed(0)
    line = torch.rand(2, 5, 1, 4, 4, generator=rng)
    mirrored = line.clone()
    mirrored[:, 1::2] = line[:, 1::2].flip(-1)  # the mean does not notice
    found = beside_line(mirrored, line, features=mean_of)
    np.testing.assert_allclose(found["line_feature_ratio"], 1, rtol=1e-5)
    assert (np.abs(found["line_decoded_ratio"] - 1) > 1e-3).all()


def test_without_a_length_there_is_no_ratio():
    still, broken = [0.5, 0.5, 0.5], [0.0, np.nan, 1.0]
    way = frames_of([[0.5, 0.7, 0.5], broken, [0.0, 0.5, 1.0]])
    line = frames_of([still, [0.0, 0.5, 1.0], [0.0, 0.5, 1.0]])
    found = beside_line(way, line, features=mean_of)
    assert np.isnan(found["line_decoded_ratio"]).tolist() == [True, True, False]


def test_frames_and_line_fit():
    with pytest.raises(ShapeError, match="lines' frames"):
        beside_line(torch.zeros(2, 3, 1, 4, 4), torch.zeros(2, 4, 1, 4, 4), features=mean_of)
