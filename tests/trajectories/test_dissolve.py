import pytest
import torch

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories.dissolve import dissolve


def test_a_dissolve_is_the_blend_and_keeps_its_ends():
    first, last = torch.rand(2, 3, 1, 4, 5)
    frames = dissolve(first, last, 5)
    assert frames.shape == (3, 5, 1, 4, 5)
    assert torch.equal(frames[:, 0], first)
    assert torch.equal(frames[:, -1], last)
    torch.testing.assert_close(frames[:, 1], 0.75 * first + 0.25 * last)
    torch.testing.assert_close(dissolve(first, last, 2), torch.stack([first, last], 1))


def test_from_an_image_to_itself_nothing_changes():
    first = torch.rand(20, 3, 8, 8)
    assert torch.equal(dissolve(first, first, 10), first[:, None].expand(-1, 10, -1, -1, -1))


def test_what_is_no_pair_of_ends_is_said():
    with pytest.raises(ShapeError, match="must both be"):
        dissolve(torch.rand(2, 1, 4, 4), torch.rand(2, 1, 4, 5), 3)
    with pytest.raises(UsageError, match="1 steps make no dissolve"):
        dissolve(torch.rand(2, 1, 4, 4), torch.rand(2, 1, 4, 4), 1)
