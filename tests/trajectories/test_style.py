import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from latentscape.errors import ShapeError, UsageError
from latentscape.testing import toy_style_net
from latentscape.trajectories import style
from latentscape.trajectories.dissolve import dissolve
from latentscape.trajectories.style import style_curves, style_curves_and_null
from latentscape.trajectories.style_presets import PRESETS

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def some_frames(n_pairs: int = 3, n_steps: int = 5, side: int = 20) -> torch.Tensor:
    rng = torch.Generator().manual_seed(0)
    return torch.rand(n_pairs, n_steps, 3, side, side, generator=rng)


def toy_maps(net, image: torch.Tensor, draw: int = 0) -> list[torch.Tensor]:
    """The toy's maps of one image, ``channels positions``, step by step in double precision."""
    x, found = ((image - MEAN) / STD)[None].double(), []
    for i, step in enumerate(net.trunks[draw]):
        x = step.double()(x)
        if i in (1, 4, 7):
            found.append(x[0].flatten(1).clone())
        step.float()
    return found


def plain_curve(net, frames: torch.Tensor, preset: str) -> np.ndarray:
    """Style loss as the papers write it, a step at a time: ``layers steps-1``."""
    curve = []
    for before, after in itertools.pairwise(frames):
        column = []
        for a, b in zip(toy_maps(net, before), toy_maps(net, after), strict=True):
            n, m = a.shape
            if preset == "gatys":
                value = ((a @ a.T - b @ b.T) ** 2).sum() / (4 * n**2 * m**2)
            elif preset == "johnson":
                value = torch.linalg.matrix_norm((a @ a.T - b @ b.T) / (n * m)) ** 2
            else:  # the tutorial's
                value = F.mse_loss((a @ a.T).div(n * m), (b @ b.T).div(n * m))
            column.append(float(value))
        curve.append(column)
    return np.array(curve).T


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("linear", [True, False])
def test_each_preset_is_its_papers_formula(preset, linear):
    net, frames = toy_style_net(linear=linear), some_frames()
    found = style_curves(frames, net, preset=preset)
    assert found.per_layer.shape == (3, 3, 4)
    assert found.total.dtype == torch.float32
    for pair in range(3):
        wanted = plain_curve(net, frames[pair], preset)
        np.testing.assert_allclose(found.per_layer[pair].numpy(), wanted, rtol=1e-3)
        whole = wanted.mean(0) if preset == "gatys" else wanted.sum(0)
        np.testing.assert_allclose(found.total[pair].numpy(), whole, rtol=1e-3)


def test_presets_convert_exactly():
    net, frames = toy_style_net(), some_frames()
    gatys, johnson, tutorial = (
        style_curves(frames, net, preset=name).per_layer
        for name in ("gatys", "johnson", "tutorial")
    )
    channels = torch.tensor([16, 32, 64]).view(3, 1)
    torch.testing.assert_close(johnson, 4 * gatys)
    torch.testing.assert_close(tutorial * channels**2, johnson)


def test_relative_distance_is_free_of_scale():
    net, frames = toy_style_net(), some_frames()
    found = style_curves(frames, net, relative=True)
    for pair in range(3):
        for i in range(4):
            a, b = (toy_maps(net, frame)[1] for frame in frames[pair, i : i + 2])
            ga, gb = a @ a.T, b @ b.T
            norms = torch.linalg.matrix_norm(ga) * torch.linalg.matrix_norm(gb)
            wanted = float(torch.linalg.matrix_norm(ga - gb) ** 2 / norms)
            np.testing.assert_allclose(float(found.per_layer[pair, 1, i]), wanted, rtol=1e-3)
    torch.testing.assert_close(found.total, found.per_layer.mean(1))
    assert "‖G_a‖" in found.words


@pytest.mark.parametrize("n_steps", [2, 3, 10])
def test_one_pass_gives_a_trajectory_and_its_null(n_steps):
    net, frames = toy_style_net(), some_frames(n_steps=n_steps)
    curves, null = style_curves_and_null(frames, net)
    blend = dissolve(frames[:, 0], frames[:, -1], n_steps)
    for found, alone in ((curves, style_curves(frames, net)), (null, style_curves(blend, net))):
        torch.testing.assert_close(found.per_layer, alone.per_layer, rtol=1e-3, atol=0)


def test_each_frame_goes_through_the_net_once(monkeypatch):
    net, frames = toy_style_net(), some_frames(n_steps=10)
    seen = []
    entered = net.entered
    monkeypatch.setattr(net, "entered", lambda images: seen.append(len(images)) or entered(images))
    style_curves(frames, net)
    assert sum(seen) == 30
    seen.clear()
    style_curves_and_null(frames, net)
    assert sum(seen) == 3 * (10 + 8)


@pytest.mark.parametrize("n_frames", [1, 2, 7, 40])
def test_streaming_changes_nothing(monkeypatch, n_frames):
    net, frames = toy_style_net(), some_frames()
    whole = style_curves_and_null(frames, net)
    monkeypatch.setattr(style, "MOST_BYTES", n_frames * 4 * 16 * 20 * 20)
    for found, wanted in zip(style_curves_and_null(frames, net), whole, strict=True):
        torch.testing.assert_close(found.per_layer, wanted.per_layer, rtol=1e-4, atol=0)
    torch.testing.assert_close(style_curves(frames, net).total, whole[0].total, rtol=1e-4, atol=0)


def test_random_draws_are_averaged():
    frames = some_frames()
    both = style_curves(frames, toy_style_net(n_draws=2)).per_layer
    single = [style_curves(frames, toy_style_net(seed=seed)).per_layer for seed in (0, 1)]
    torch.testing.assert_close(both, (single[0] + single[1]) / 2, rtol=1e-4, atol=0)


def test_bytes_are_pixels():
    frames = (some_frames() * 255).byte()
    torch.testing.assert_close(
        style_curves(frames, toy_style_net()).total,
        style_curves(frames.float() / 255, toy_style_net()).total,
    )


def closed_form(net, first: torch.Tensor, last: torch.Tensor, n_steps: int) -> np.ndarray:
    """METHODS §4.2: c δ² (‖M‖² + 2 (2s − 1) ⟨M, Δ⟩ + (2s − 1)² ‖Δ‖²), c of Gatys' preset."""
    curves = []
    s = (np.arange(n_steps - 1) + 0.5) / (n_steps - 1)
    for a, b in zip(toy_maps(net, first), toy_maps(net, last), strict=True):
        n, m = a.shape
        change, apart = b @ b.T - a @ a.T, (b - a) @ (b - a).T
        terms = [float((x * y).sum()) for x, y in
                 ((change, change), (change, apart), (apart, apart))]  # fmt: skip
        curve = terms[0] + 2 * (2 * s - 1) * terms[1] + (2 * s - 1) ** 2 * terms[2]
        curves.append(curve / (4 * n**2 * m**2 * (n_steps - 1) ** 2))
    return np.array(curves)


@pytest.mark.parametrize("n_steps", [3, 10, 25])
def test_a_dissolve_seen_linearly_is_the_parabola_of_theory(n_steps):
    net, ends = toy_style_net(linear=True), some_frames(n_steps=2)
    found = style_curves(dissolve(ends[:, 0], ends[:, 1], n_steps), net).per_layer
    for pair in range(3):
        wanted = closed_form(net, *ends[pair], n_steps)
        np.testing.assert_allclose(found[pair].numpy(), wanted, rtol=2e-3)
        assert (np.diff(found[pair].numpy(), 2) > 0).all()  # a horseshoe by itself


def test_a_pair_that_cannot_be_measured_leaves_the_others_alone():
    net, frames = toy_style_net(), some_frames(4)
    frames[1, 2, 0, 3, 3] = torch.nan
    frames[2, -1] = frames[2, 0]
    whole = some_frames(4)
    found, null = style_curves_and_null(frames, net)
    assert found.reasons[0] == found.reasons[3] == ""
    assert "not finite" in found.reasons[1]
    assert "same image" in found.reasons[2]
    assert found.per_layer[1].isnan().all()
    assert found.total[1].isnan().all()
    assert (null.total[2] == 0).all()
    assert (found.total[2] > 0).all()
    alone = style_curves(whole[[0, 3]], net).per_layer
    torch.testing.assert_close(found.per_layer[[0, 3]], alone, rtol=1e-4, atol=0)


def test_frames_that_stand_still_have_no_distance():
    still = some_frames(2)[:, :1].expand(-1, 5, -1, -1, -1)
    for relative in (False, True):
        assert (style_curves(still, toy_style_net(), relative=relative).total == 0).all()


def test_a_frame_without_features_has_no_relative_distance():
    net = toy_style_net()
    with torch.no_grad():  # black images give exactly nothing
        net.mean.zero_()
    frames = some_frames(2)
    frames[0, 1] = 0
    found = style_curves(frames, net, relative=True)
    assert "no features" in found.reasons[0]
    assert found.reasons[1] == ""
    assert style_curves(frames, net).reasons == ("", "")


def test_what_makes_no_curve_is_said():
    net = toy_style_net()
    with pytest.raises(ShapeError, match="needs two frames"):
        style_curves(some_frames(n_steps=1), net)
    with pytest.raises(ShapeError, match="pairs × steps"):
        style_curves(some_frames()[0], net)
    with pytest.raises(ShapeError, match="8×8 are smaller than the field of layer three"):
        style_curves(some_frames(side=8), net)
    with pytest.raises(UsageError, match="no style preset 'gatis'") as error:
        style_curves(some_frames(), net, preset="gatis")
    assert "gatys" in error.value.hint
    with pytest.raises(UsageError, match="no precision 'half'"):
        style_curves(some_frames(), net, precision="half")
