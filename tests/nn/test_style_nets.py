import hashlib
import io

import pytest
import torch
import torch.nn.functional as F

from latentscape.errors import ModelError, ShapeError, UsageError
from latentscape.nn.squeezenet import SqueezeNet
from latentscape.nn.style_nets import style_net
from latentscape.nn.vgg import DEPTHS, Vgg
from latentscape.nn.weights import PublishedWeights
from latentscape.testing import toy_style_net

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
CONVS_19 = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)  # torchvision's numbers
CONVS_16 = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


def plain_vgg(state: dict[str, torch.Tensor], x: torch.Tensor, places, *, average: bool):
    """VGG from its key names alone: maps after each convolution, before its ReLU."""
    maps = []
    for before, place in zip((-2, *places), places, strict=False):
        if place - before == 3:  # a pooling lies between
            x = F.avg_pool2d(x, 2) if average else F.max_pool2d(x, 2)
        key = f"features.{place}."
        x = F.conv2d(x, state[key + "weight"], state[key + "bias"], padding=1)
        maps.append(x)
        x = F.relu(x)
    return maps


@pytest.mark.parametrize(("depth", "places"), [(16, CONVS_16), (19, CONVS_19)])
@pytest.mark.parametrize("pool", ["max", "average"])
def test_the_net_is_vgg_under_torchvisions_names(depth, places, pool):
    net = Vgg(depth, pool=pool)
    net.draw(0)
    state = net.state_dict()
    assert {int(key.split(".")[1]) for key in state} == set(places)
    wanted = plain_vgg(state, x := torch.rand(1, 3, 32, 32), places, average=pool == "average")
    convs = [name for name in net.places if name.startswith("conv")]
    assert len(convs) == sum(DEPTHS[depth]) == len(wanted)
    for name, maps in zip(convs, wanted, strict=True):
        found = net.features[: net.places[name] + 1](x)
        torch.testing.assert_close(found, maps, rtol=1e-4, atol=1e-5)
        after = net.features[: net.places[name.replace("conv", "relu")] + 1](x)
        torch.testing.assert_close(after, maps.relu(), rtol=1e-4, atol=1e-5)


def test_only_what_is_looked_at_is_built():
    assert sum(p.numel() for p in Vgg(19, last="conv3_1").parameters()) < 600_000
    with pytest.raises(UsageError, match="VGG-16 has no layer 'relu6_1'"):
        Vgg(16, last="relu6_1")


@pytest.mark.parametrize(
    ("layers", "channels"),
    [
        (None, [64, 128, 256, 512, 512]),
        (("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"), [64, 64, 128, 128, 256]),
    ],
)
def test_vgg_gives_the_layers_that_are_asked_for(layers, channels):
    words = {} if layers is None else {"layers": {"vgg19": layers}}
    net = style_net("random-vgg19", n_draws=1, small=64, **words)
    images = torch.rand(2, 3, 64, 64)
    maps = net.maps(images)
    assert [m.shape[1] for m in maps] == channels
    state = {f"features.{key}": value for key, value in net.trunks[0].state_dict().items()}
    kept = [place for place in CONVS_19 if f"features.{place}.weight" in state]
    plain = plain_vgg(state, (images - MEAN) / STD, kept, average=True)
    at = [0, 1, 2, 3, 4] if layers else [0, 2, 4, 8, 12]
    wanted = [plain[i] if layers else plain[i].relu() for i in at]
    for found, want in zip(maps, wanted, strict=True):
        torch.testing.assert_close(found, want, rtol=1e-3, atol=1e-4)


def test_squeezenets_maps_are_the_taps_of_lpips():
    net = style_net("random-squeezenet", n_draws=2, seed=3)
    plain = SqueezeNet()
    plain.draw(4)
    images = torch.rand(2, 3, 140, 130)
    for found, want in zip(
        net.maps(images, draw=1), plain.taps((images - MEAN) / STD), strict=True
    ):
        torch.testing.assert_close(found, want, rtol=1e-3, atol=1e-4)
    assert "random-feature style loss, 2 seeds" in net.facts.words
    assert "seeds 3 to 4" in net.facts.weights
    assert net.facts.sha256 == ""


def test_gray_is_repeated_and_small_images_are_enlarged():
    net, gray = style_net("random-squeezenet", n_draws=1), torch.rand(2, 1, 28, 28)
    large = F.interpolate(gray.expand(-1, 3, -1, -1), 128, mode="bilinear")
    for one, other in zip(net.maps(gray), net.maps(large), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    assert "under 128 pixels enlarged to 128" in net.facts.entry


def test_fields_are_what_a_value_depends_on():
    wanted = {"vgg19": ("relu1_1", "relu2_1", "relu3_1", "relu4_1")}
    net = style_net("random-vgg19", n_draws=1, small="refuse", layers=wanted)
    assert net.fields["relu1_1"] == 3
    image = torch.rand(1, 3, 96, 96, requires_grad=True)
    entered = net.entered(image)
    for name in ("relu2_1", "relu3_1", "relu4_1"):
        (tap,) = net.taps(entered, layers=[name])
        middle = tap.shape[2] // 2
        (slope,) = torch.autograd.grad(tap[0, :, middle, middle].sum(), image, retain_graph=True)
        assert int((slope[0].abs().sum((0, 1)) > 0).sum()) == net.fields[name]


def test_images_smaller_than_a_field_lose_layers_or_are_refused():
    drop = style_net("random-vgg19", n_draws=1, small="drop")
    assert drop.fitting(28, 28) == ("relu1_1", "relu2_1", "relu3_1")
    assert len(drop.maps(torch.rand(1, 1, 28, 28))) == 3
    assert "left out" in drop.facts.entry
    for net in (drop, style_net("random-squeezenet", n_draws=1, small="drop")):
        assert len(net.maps(torch.rand(2, 1, 8, 8))) == 1
        assert net.largest_map(8, 8) == max(3 * 64, net.maps(torch.rand(1, 1, 8, 8))[0].numel())
    with pytest.raises(ShapeError, match="2×40 are smaller than the field of the first layer"):
        drop.maps(torch.rand(1, 1, 2, 40))
    refuse = style_net("random-vgg19", n_draws=1, small="refuse")
    with pytest.raises(ShapeError, match="28×28 are smaller than the field of layer relu4_1, 68"):
        refuse.fitting(28, 28)
    assert len(refuse.fitting(156, 200)) == 5
    with pytest.raises(ShapeError, match="smaller than the field"):
        style_net("random-squeezenet", n_draws=1).maps(torch.rand(1, 1, 2, 2))
    for side in (1, 16):
        with pytest.raises(UsageError, match=f"enlarged to {side} pixels are too small for layer"):
            style_net("random-squeezenet", n_draws=1, small=side)
    with pytest.raises(ShapeError, match="batch × channels"):
        drop.entered(torch.rand(3, 28, 28))


def test_fast_maps_are_near_exact_ones():
    net = toy_style_net()
    entered = net.entered(torch.rand(2, 3, 32, 32))
    exact = [tap.clone() for tap in net.taps(entered)]
    fast = [tap.float() for tap in net.taps(entered, precision="fast")]
    for one, other in zip(exact, fast, strict=True):
        assert (one - other).norm() < 0.01 * one.norm()
    torch.testing.assert_close(exact[0], fast[0], rtol=1e-2, atol=1e-2)


def test_maps_carry_gradients():
    images = torch.rand(1, 3, 20, 20, requires_grad=True)
    toy_style_net().maps(images)[-1].sum().backward()
    assert images.grad.abs().sum() > 0


def test_what_does_not_exist_is_named(nowhere):
    with pytest.raises(UsageError, match="no style net 'vgg91'") as error:
        style_net("vgg91")
    assert "vgg19" in error.value.hint
    with pytest.raises(UsageError, match="has no layer"):
        style_net("random-vgg19", layers={"vgg19": ("relu9_1",)})
    with pytest.raises(UsageError, match="needs a layer"):
        style_net("random-vgg19", layers={"vgg19": ()})
    with pytest.raises(UsageError, match="no way with small images"):
        style_net("random-squeezenet", small="stretch")
    with pytest.raises(UsageError, match="0 draws"):
        style_net("random-squeezenet", n_draws=0)
    with pytest.raises(ModelError, match="cannot be fetched"):
        style_net("vgg19")
    net = style_net(fetch=True)
    assert "random weights" in net.facts.words
    assert net.n_draws == 5


def test_a_file_must_be_what_its_name_says(nowhere, monkeypatch):
    made = Vgg(19, last="relu5_1")
    made.draw(1)
    extra = made.state_dict() | {"classifier.0.weight": torch.zeros(3)}
    file = io.BytesIO()
    torch.save(extra, file)
    sha256 = hashlib.sha256(file.getvalue()).hexdigest()
    folder = nowhere / "weights"
    folder.mkdir()
    (folder / "vgg19-dcbb9e9d.pth").write_bytes(file.getvalue())
    with pytest.raises(ModelError, match=r"vgg19-dcbb9e9d\.pth is not the published file"):
        style_net("vgg19")
    ours = PublishedWeights(
        ("vgg19-dcbb9e9d.pth",), "https://example.org/vgg19-dcbb9e9d.pth", sha256[:8]
    )
    monkeypatch.setitem(style_net.__globals__["VGG_WEIGHTS"], 19, ours)
    net = style_net("vgg19")
    assert net.facts.sha256 == sha256
    assert net.n_draws == 1
    assert "VGG-19, average pooling" in net.facts.words
    torch.testing.assert_close(net.trunks[0][0].weight, made.features[0].weight)
    torch.save({"features.0.weight": torch.zeros(2)}, folder / "vgg19-dcbb9e9d.pth")
    bad = PublishedWeights((), "https://example.org/vgg19-dcbb9e9d.pth", "")
    monkeypatch.setitem(style_net.__globals__["VGG_WEIGHTS"], 19, bad)
    with pytest.raises(ModelError, match="not those of vgg19"):
        style_net("vgg19")


@pytest.mark.parametrize("damage", ["cut", "empty", "words", "one bit"])
def test_a_damaged_file_is_named_whatever_its_name_promises(nowhere, monkeypatch, damage):
    """A name of one's own has no published checksum; the archive has its own."""
    file = io.BytesIO()
    net = SqueezeNet()
    net.draw(0)
    torch.save(net.state_dict(), file)
    whole = bytearray(file.getvalue())
    if damage == "one bit":
        whole[len(whole) // 2] ^= 1
    spoilt = {"cut": whole[:5000], "empty": b"", "words": b"hello world" * 90}.get(damage, whole)
    (nowhere / "weights").mkdir()
    (nowhere / "weights" / "squeezenet1_1_fp16.pth").write_bytes(bytes(spoilt))
    monkeypatch.setenv("LATENTSCAPE_DATA", str(nowhere))
    with pytest.raises(ModelError, match=r"squeezenet1_1_fp16\.pth cannot be read") as caught:
        style_net("squeezenet")
    assert "restore" in caught.value.hint


@pytest.mark.realdata
def test_trained_squeezenet_is_found_and_named(data_root):
    net = style_net("squeezenet")
    assert net.facts.sha256.startswith("eee86793")
    assert "squeezenet1_1_fp16.pth" in net.facts.words
    assert style_net().facts == net.facts
