import pytest
import torch
import torch.nn.functional as F

from latentscape.errors import ModelError, ShapeError, UsageError
from latentscape.nn import lpips as room
from latentscape.nn.lpips import lpips
from latentscape.nn.squeezenet import SqueezeNet
from latentscape.nn.vgg import Vgg
from latentscape.nn.weights import PublishedWeights

SHIFT = torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1)  # the authors' own constants
SCALE = torch.tensor([0.458, 0.448, 0.450]).view(3, 1, 1)


def plain_lpips(taps, heads, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The paper's eq. 1 on images in [-1, 1]."""
    total = 0
    for a, b, head in zip(taps((first - SHIFT) / SCALE), taps((second - SHIFT) / SCALE), heads,
                          strict=True):  # fmt: skip
        a = a / (a.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
        b = b / (b.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
        total = total + F.conv2d((a - b) ** 2, head).mean((1, 2, 3))
    return total


@pytest.mark.realdata
@pytest.mark.parametrize("side", [64, 100])
def test_squeeze_with_learned_heads_is_the_papers(data_root, side):
    folder = data_root / "weights"
    read = {"map_location": "cpu", "weights_only": True}
    heads = torch.load(folder / "lpips_squeeze_v0.1.pth", **read)
    net = SqueezeNet()
    state = torch.load(folder / "squeezenet1_1_fp16.pth", **read)
    net.load_state_dict({k: v.float() for k, v in state.items() if k.startswith("features.")})
    a, b = torch.rand(2, 3, 3, side, side)
    learned = [heads[f"lin{i}.model.1.weight"] for i in range(7)]
    wanted = plain_lpips(net.taps, learned, 2 * a - 1, 2 * b - 1)
    found = lpips("squeeze")
    torch.testing.assert_close(found.distance(a, b), wanted, rtol=1e-4, atol=1e-6)
    assert "heads lpips_squeeze_v0.1.pth, sha256 4a5350f2" in found.words
    assert (found.distance(a, a) == 0).all()
    blurred = F.avg_pool2d(a, 3, 1, 1)
    assert (found.distance(a, blurred) > found.distance(a, b)).all()  # noise is like other noise


@pytest.fixture
def no_weights(nowhere, monkeypatch, tmp_path):
    """Nets drawn at random under the published names, no heads, no net to fetch from."""
    (tmp_path / "weights").mkdir()
    vgg, squeeze = Vgg(16), SqueezeNet()
    vgg.draw(0)
    squeeze.draw(0)
    nets = room.style_net.__globals__
    for net, key, name in ((vgg, "VGG_WEIGHTS", "v.pth"), (squeeze, "SQUEEZENET_WEIGHTS", "s.pth")):
        torch.save(net.state_dict(), tmp_path / "weights" / name)
        ours = PublishedWeights((), f"https://example.org/{name}", "")
        if key == "VGG_WEIGHTS":
            monkeypatch.setitem(nets[key], 16, ours)
        else:
            monkeypatch.setitem(nets, key, ours)
    return tmp_path / "weights", vgg, squeeze


def test_without_heads_every_channel_counts_one_and_that_is_said(no_weights):
    _, vgg, _ = no_weights
    found = lpips("vgg", fetch=True)
    assert "unit weights in place of heads" in found.words
    places = [vgg.places[name] for name in room.VGG_LAYERS]
    a, b = torch.rand(2, 2, 3, 64, 64)

    def taps(x):
        return [vgg.features[: place + 1](x) for place in places]

    heads = [torch.ones(1, n, 1, 1) for n in (64, 128, 256, 512, 512)]
    wanted = plain_lpips(taps, heads, 2 * a - 1, 2 * b - 1)
    torch.testing.assert_close(found.distance(a, b), wanted, rtol=1e-4, atol=1e-6)


def test_small_gray_and_black_images_have_distances_and_slopes(no_weights):
    found = lpips("squeeze")
    gray = torch.rand(2, 1, 10, 12)
    large = F.interpolate(gray, (64, 77), mode="bilinear").expand(-1, 3, -1, -1)
    torch.testing.assert_close(
        found.distance(gray, gray.flip(0)),
        found.distance(large, large.flip(0)),
        rtol=1e-3,
        atol=1e-5,
    )
    black = torch.zeros(1, 3, 64, 64, requires_grad=True)
    found.distance(black, torch.zeros(1, 3, 64, 64)).sum().backward()
    assert black.grad.isfinite().all()


def test_wrong_words_shapes_and_files_are_sentences(no_weights):
    folder, *_ = no_weights
    with pytest.raises(UsageError, match="no LPIPS on 'alex'"):
        lpips("alex")
    with pytest.raises(ShapeError, match="no pairs"):
        lpips("squeeze").distance(torch.rand(2, 3, 64, 64), torch.rand(1, 3, 64, 64))
    torch.save({"lin0.model.1.weight": torch.rand(1, 64, 1, 1)}, folder / "lpips_squeeze_v0.1.pth")
    with pytest.raises(ModelError, match="not the published file"):
        lpips("squeeze")
