import numpy as np
import pytest
import torch

from latentscape.trajectories.gram import gram, gram_gaps, gram_norms


def plain_gaps(line: np.ndarray) -> np.ndarray:
    """From Gram matrices that are built and subtracted, in double precision."""
    _, _, positions, channels = line.shape
    line = line.astype(np.float64)
    grams = np.einsum("pfmi,pfmj->pfij", line, line) / (positions * channels)
    return ((grams[:, 1:] - grams[:, :-1]) ** 2).sum((2, 3))


@pytest.mark.parametrize(("positions", "channels"), [(400, 8), (20, 16), (7, 40), (1, 9), (9, 1)])
@pytest.mark.parametrize("step", [1.0, 1e-3])
def test_gaps_are_those_of_subtracted_gram_matrices(positions, channels, step):
    rng = np.random.default_rng(positions)
    line = np.cumsum(step * rng.standard_normal((2, 4, positions, channels)), 1)
    line = (line + rng.random((2, 1, positions, channels))).astype(np.float32)
    found = gram_gaps(torch.from_numpy(line)).numpy()
    np.testing.assert_allclose(found, plain_gaps(line), rtol=2e-4)
    norms = gram_norms(torch.from_numpy(line)).numpy()
    grams = np.einsum("pfmi,pfmj->pfij", line, line) / (positions * channels)
    np.testing.assert_allclose(norms, np.sqrt((grams**2).sum((2, 3))), rtol=1e-5)


def test_positions_in_several_blocks_are_summed(monkeypatch):
    line = torch.rand(1, 3, 100, 8)
    whole = gram_gaps(line)
    monkeypatch.setattr("latentscape.trajectories.gram.BLOCK", 17 * 8)
    torch.testing.assert_close(gram_gaps(line), whole, rtol=1e-5, atol=0)


@pytest.mark.parametrize("channels", [4, 200])
def test_style_knows_no_places(channels):
    maps = torch.rand(1, 1, 30, channels)
    moved = maps[:, :, torch.randperm(30, generator=torch.Generator().manual_seed(0))]
    line = torch.cat([maps, maps, moved, 2 * moved], 1)
    same, shuffled, louder = gram_gaps(line)[0].tolist()
    assert same == 0
    assert shuffled < 1e-7 * louder


def test_a_batch_is_never_one_image():
    maps = torch.rand(3, 5, 4, 6)
    batched = gram(maps)
    assert batched.shape == (3, 5, 5)
    for one, alone in zip(batched, maps, strict=True):
        flat = alone.reshape(5, 24)
        torch.testing.assert_close(one, flat @ flat.T)
