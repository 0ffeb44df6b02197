import hashlib
import io
import urllib.error
import urllib.request

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from latentscape.errors import ModelError, UsageError
from latentscape.nn.features import SQUEEZENET_WEIGHTS, feature_net
from latentscape.nn.squeezenet import SqueezeNet
from latentscape.nn.weights import PublishedWeights, read_weights


def some_images(n: int = 3, channels: int = 3, side: int = 40) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, channels, side, side)).astype(np.uint8)


def plain_squeezenet(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """SqueezeNet 1.1 from its key names alone."""
    x = F.relu(F.conv2d(x, state["features.0.weight"], state["features.0.bias"], stride=2))
    for i in range(2, 13):
        if i in (2, 5, 8):
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            continue
        w = {k.removeprefix(f"features.{i}."): v for k, v in state.items()
             if k.startswith(f"features.{i}.")}  # fmt: skip
        x = F.relu(F.conv2d(x, w["squeeze.weight"], w["squeeze.bias"]))
        wide = F.conv2d(x, w["expand3x3.weight"], w["expand3x3.bias"], padding=1)
        x = F.relu(torch.cat([F.conv2d(x, w["expand1x1.weight"], w["expand1x1.bias"]), wide], 1))
    return x


def test_the_net_is_squeezenet():
    net = SqueezeNet()
    net.draw(0)
    x = torch.rand(2, 3, 70, 90)
    maps = net(x)
    torch.testing.assert_close(maps, plain_squeezenet(net.state_dict(), x), rtol=1e-4, atol=1e-5)
    assert [m.shape[1] for m in net.taps(x)] == [64, 128, 256, 384, 384, 512, 512]
    torch.testing.assert_close(net.taps(x)[-1], maps)


@pytest.mark.realdata
def test_the_trained_weights_load_and_are_named(data_root):
    path = data_root / "weights" / "squeezenet1_1_fp16.pth"
    net = feature_net("squeezenet")
    assert net.trained
    assert net.facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.name in net.facts.words
    state = {k: v.float() for k, v in torch.load(path, weights_only=True).items()}
    x = torch.rand(2, 3, 64, 64)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    wanted = plain_squeezenet(state, (x - mean) / std).mean((2, 3))
    torch.testing.assert_close(net.vectors(x), wanted, rtol=1e-3, atol=1e-4)


def test_random_weights_are_seeded_and_said_to_be_random():
    images = some_images()
    one = feature_net("random", seed=3).of(images)
    np.testing.assert_array_equal(one, feature_net("random", seed=3).of(images))
    assert np.abs(one - feature_net("random", seed=4).of(images)).max() > 0.01
    net = feature_net("random", seed=3)
    assert "random weights (seed 3)" in net.facts.words
    assert not net.trained
    assert net.facts.sha256 == ""


def test_gray_enters_as_three_equal_channels_and_small_images_are_enlarged():
    net = feature_net("random")
    gray = some_images(channels=1, side=8)
    np.testing.assert_allclose(net.of(gray), net.of(gray.repeat(3, 1)), rtol=1e-4, atol=1e-5)
    large = F.interpolate(torch.from_numpy(gray).float(), 64, mode="bilinear") / 255
    np.testing.assert_allclose(net.of(gray), net.vectors(large).numpy(), rtol=1e-3, atol=1e-4)
    assert net.of(some_images(2, side=300)).shape == (2, 512)
    assert np.isfinite(net.of(np.zeros((1, 3, 5, 90), np.uint8))).all()


def test_batches_do_not_matter():
    net, images = feature_net("random"), some_images(150, side=16)
    np.testing.assert_allclose(net.of(images)[140:], net.of(images[140:]), rtol=1e-4, atol=1e-5)


def test_alike_images_have_no_distance_and_blur_has_some():
    for name in ("random", "pixels"):
        net = feature_net(name)
        x = torch.from_numpy(some_images()).float() / 255
        blurred = F.avg_pool2d(x, 3, 1, 1)
        assert net.distance(x, x).abs().max() == 0
        assert (net.distance(x, blurred) > 0).all()
        torch.testing.assert_close(net.distance(x, blurred), net.distance(blurred, x))


def test_pixels_are_pixels():
    images = some_images()
    np.testing.assert_allclose(feature_net("pixels").of(images) * 255, images.reshape(3, -1))
    a, b = torch.rand(2, 4, 3, 5, 5)
    wanted = ((a - b) ** 2).mean((1, 2, 3))
    torch.testing.assert_close(feature_net("pixels").distance(a, b), wanted)


def test_offline_one_is_told_what_to_do_and_random_weights_serve(nowhere):
    with pytest.raises(ModelError, match="cannot be fetched: Name or service") as error:
        feature_net("squeezenet")
    assert str(SQUEEZENET_WEIGHTS.cached) in error.value.hint
    with pytest.warns(UserWarning, match="random weights"):
        net = feature_net(None, fetch=True)
    assert not net.trained
    assert not feature_net(None).trained  # unasked, nothing is fetched and nothing said
    assert not any(path.is_file() for path in nowhere.rglob("*"))


def test_weights_are_fetched_once_and_checked(nowhere, monkeypatch):
    net, file = SqueezeNet(), io.BytesIO()
    net.draw(1)
    torch.save(net.state_dict(), file)
    asked = []

    def answer(url, **_):
        asked.append(url)
        return io.BytesIO(file.getvalue())

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    with pytest.raises(ModelError, match="not the published file"):
        feature_net("squeezenet")
    sha256 = hashlib.sha256(file.getvalue()).hexdigest()
    ours = PublishedWeights(("none",), SQUEEZENET_WEIGHTS.url, sha256[:8])
    monkeypatch.setattr("latentscape.nn.features.SQUEEZENET_WEIGHTS", ours)
    first, again = feature_net("squeezenet"), feature_net(None)
    assert first.facts == again.facts
    assert first.facts.sha256 == sha256
    assert len(asked) == 2
    assert ours.cached.is_file()


def test_damaged_and_foreign_weights_are_sentences(nowhere, monkeypatch):
    ours = PublishedWeights((), SQUEEZENET_WEIGHTS.url, "")
    monkeypatch.setattr("latentscape.nn.features.SQUEEZENET_WEIGHTS", ours)
    ours.cached.parent.mkdir(parents=True)
    ours.cached.write_bytes(b"no weights at all")
    with pytest.raises(ModelError, match="cannot be read"):
        feature_net(None)
    torch.save({"features.0.weight": torch.zeros(2)}, ours.cached)
    with pytest.raises(ModelError, match="not SqueezeNet"):
        feature_net(None)
    torch.save({"code": print}, ours.cached)  # a pickle that would bring a function along
    with pytest.raises(ModelError, match="cannot be read"):
        read_weights(ours.cached)


def test_an_unknown_net_is_named():
    with pytest.raises(UsageError, match="no features 'inception'"):
        feature_net("inception")
