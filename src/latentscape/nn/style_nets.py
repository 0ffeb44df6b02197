"""Style nets: frozen nets whose maps, layer by layer, say what an image is made of.

Trained weights where they can be had, else several random draws that numbers are averaged over:
what random weights keep (the shape of a curve) and lose (the ranking of pairs), METHODS §5.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentscape.errors import ModelError, ShapeError, UsageError, nearest
from latentscape.nn.features import MEAN, STD, FeatureFacts
from latentscape.nn.precision import has_native_bf16
from latentscape.nn.squeezenet import PLACES, SQUEEZENET_WEIGHTS, Fire, SqueezeNet
from latentscape.nn.vgg import VGG_WEIGHTS, Pool, Vgg

StyleNetName = Literal["vgg19", "vgg16", "squeezenet", "random-vgg19", "random-squeezenet"]
Small = Literal["enlarge", "drop", "refuse"]
Precision = Literal["exact", "fast"]

SIDE = 128  # the shorter side of a small image as the net sees it
N_DRAWS = 5  # of random weights
LAYERS: dict[str, tuple[str, ...]] = {
    "vgg19": ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
    "vgg16": ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
    "squeezenet": tuple(PLACES),
}
SMALL_WORDS = {
    "enlarge": "a shorter side under {side} pixels enlarged to {side} (bilinear)",
    "drop": "size kept; layers whose field is larger than the image left out",
    "refuse": "size kept",
}


class StyleNet(nn.Module):
    """Images in [0, 1] to the maps of some layers; frozen.

    Attributes:
        layers: Names of the layers, first to last.
        facts: Net, layers, weights and how an image enters, in words.
        n_draws: Draws of random weights that numbers are averaged over; 1 where trained.

    Args:
        trunks: The same steps once for each draw of weights; steps after the last layer unused.
        places: Layer name → which step its maps come out of.
        facts: What has to be said; its ``entry`` is completed with what `small` means.
        small: What becomes of small images: ``enlarge`` the shorter side to `SIDE` pixels, or to
            as many as are given; ``drop`` layers whose field is larger, or ``refuse``.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        trunks: Sequence[nn.Sequential],
        places: Mapping[str, int],
        *,
        facts: FeatureFacts,
        small: Small | int = "enlarge",
    ):
        super().__init__()
        self.side = small if isinstance(small, int) else SIDE
        self.small: Small = "enlarge" if isinstance(small, int) else small
        if self.small not in SMALL_WORDS:
            known = ", ".join(SMALL_WORDS)
            raise UsageError(f"{small!r} is no way with small images", f"known: {known}")
        self.trunks = nn.ModuleList(trunks).eval().requires_grad_(False)
        self.trunks.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.places = dict(sorted(places.items(), key=lambda item: item[1]))
        self.layers = tuple(self.places)
        self.n_draws = len(self.trunks)
        colour = "RGB in [0, 1] less ImageNet's mean over its deviation; gray repeated three times"
        size = SMALL_WORDS[self.small].format(side=self.side)
        self.facts = facts._replace(entry=f"{colour}; {size}")
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))
        self.fields = _fields(trunks[0], self.places)
        self._low: dict[int, nn.Module] = {}  # draws in bf16, made when first asked for
        if self.small == "enlarge":
            self._require_side()

    def fitting(self, height: int, width: int) -> tuple[str, ...]:
        """The layers that images of this size are seen by.

        Raises:
            ShapeError: If the image is smaller than a layer's field and may not be enlarged, or
                smaller than any layer's.
        """
        side = min(height, width)
        seen = tuple(name for name in self.layers if self.fields[name] <= side)
        if self.small == "enlarge" and side >= min(self.fields.values()):
            return self.layers
        if not seen:
            first = self.layers[0]
            raise ShapeError(
                f"images of {height}×{width} are smaller than the field of the first layer "
                f"{first}, {self.fields[first]} pixels",
                "enlarge the images",
            )
        if self.small == "refuse" and seen != self.layers:
            first = next(name for name in self.layers if name not in seen)
            raise ShapeError(
                f"images of {height}×{width} are smaller than the field of layer {first}, "
                f"{self.fields[first]} pixels",
                "let small images be enlarged, or such layers be dropped",
            )
        return seen

    def precision_for(self, precision: Precision) -> str:
        """What ``exact`` or ``fast`` is on the net's device: ``fp32`` or ``bf16``.

        Raises:
            UsageError: If the word is another.
        """
        if precision not in get_args(Precision):
            raise UsageError(f"there is no precision {precision!r}", "known: exact, fast")
        return "bf16" if precision == "fast" and has_native_bf16(self.mean.device.type) else "fp32"

    def entered(self, images: Tensor) -> Tensor:
        """Images in [0, 1] as the net takes them, ``batch 3 height width``, channels last.

        Raises:
            ShapeError: If they are no images, or too small.
        """
        if images.ndim != 4:
            shape = tuple(images.shape)
            raise ShapeError(f"images are batch × channels × height × width, these are {shape}")
        channels, height, width = images.shape[1:]
        self.fitting(height, width)
        if channels != 3:
            images = images.mean(1, keepdim=True)
        size = self._size(height, width)
        if size != (height, width):
            images = F.interpolate(images, size, mode="bilinear", align_corners=False)
        return ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)

    def taps(
        self,
        entered: Tensor,
        *,
        layers: Sequence[str] | None = None,
        draw: int = 0,
        precision: Precision = "exact",
    ) -> Iterator[Tensor]:
        """Maps of one layer after another, ``batch channels height width``.

        A map may be overwritten once the next is asked for: use it, or copy it, before.

        Args:
            entered: What `entered` gave.
            layers: Which; all of them if None.
            draw: Which draw of random weights.
            precision: ``exact`` (fp32) or ``fast`` (bf16 where the device has it, but for the
                first step: rounding pixels costs more than all that follows).
        """
        wanted = {self.places[name] for name in (self.layers if layers is None else layers)}
        low = self.precision_for(precision) == "bf16"
        steps = self._steps(draw, low=False)[:1] + self._steps(draw, low=low)[1:]
        x = entered
        for place, step in enumerate(steps):
            if low and place == 1:
                x = x.bfloat16()
            x = x.relu_() if isinstance(step, nn.ReLU) and place else step(x)
            if place in wanted:
                yield x
            if place == max(wanted):
                return

    def maps(self, images: Tensor, *, draw: int = 0) -> list[Tensor]:
        """Maps of every layer that images of this size are seen by, differentiable."""
        layers = self.fitting(*images.shape[2:])
        entered = self.entered(images)
        return [tap.clone() for tap in self.taps(entered, layers=layers, draw=draw)]

    def largest_map(self, height: int, width: int) -> int:
        """Numbers in the largest map of one image of this size: what memory goes by."""
        x = torch.empty(1, 3, *self._size(height, width), device="meta")
        largest = x.numel()
        last = self.places[self.fitting(height, width)[-1]]
        for step in self._steps(0, low=False)[: last + 1]:
            empty = {name: p.to("meta") for name, p in step.named_parameters()}
            x = torch.func.functional_call(step, empty, x)
            largest = max(largest, x.numel())
        return largest

    def _size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width as the net sees them."""
        short = min(height, width)
        if self.small != "enlarge" or short >= self.side:
            return height, width
        return round(height * self.side / short), round(width * self.side / short)

    def _require_side(self) -> None:
        try:
            self.largest_map(self.side, self.side)
        except (RuntimeError, ShapeError) as error:
            raise UsageError(
                f"images enlarged to {self.side} pixels are too small for layer {self.layers[-1]}",
                f"enlarge them to {SIDE}, or leave the deeper layers out",
            ) from error

    def _steps(self, draw: int, *, low: bool) -> list[nn.Module]:
        """One draw's steps, in bf16 if `low`."""
        trunk = self.trunks[draw]
        if low:
            device = self.mean.device
            if draw not in self._low or next(self._low[draw].parameters()).device != device:
                self._low[draw] = deepcopy(trunk).bfloat16()
            trunk = self._low[draw]
        return list(trunk.children())


def style_net(
    name: StyleNetName | None = None,
    *,
    layers: Mapping[str, Sequence[str]] | None = None,
    pool: Pool = "average",
    small: Small | int = "enlarge",
    fetch: bool = False,
    seed: int = 0,
    n_draws: int = N_DRAWS,
) -> StyleNet:
    """The style net called `name`, frozen.

    Args:
        name: ``vgg19``, ``vgg16`` or ``squeezenet`` (1.1), trained on ImageNet; ``random-vgg19``
            or ``random-squeezenet``. None takes the first of VGG-19 and SqueezeNet whose weights
            are on this machine, else SqueezeNet's fetched if `fetch`, else random SqueezeNets.
        layers: Family (``vgg19``, ``vgg16``, ``squeezenet``) → names of its layers; a family left
            out has those of `LAYERS`.
        pool: How VGG halves an image. SqueezeNet takes the maximum.
        small: What becomes of small images: `StyleNet`.
        fetch: Whether, with no name given, weights may be fetched. Named ones always may.
        seed: Of the first draw of random weights; the others count on from it.
        n_draws: Draws of random weights.

    Raises:
        UsageError: If there is no such net or layer.
        ModelError: If the named net's weights cannot be had or read.
    """
    if name is not None and name not in get_args(StyleNetName):
        known = get_args(StyleNetName)
        raise UsageError(f"there is no style net {name!r}", nearest(name, known))
    if n_draws < 1:
        raise UsageError(f"{n_draws} draws of weights are none", "give at least 1")
    if name is None:
        name = _first_at_hand(fetch)
    family = name.removeprefix("random-")
    wanted = tuple((layers or {}).get(family, LAYERS[family]))
    if name.startswith("random-"):
        nets = [_empty(family, wanted, pool) for _ in range(n_draws)]
        for i, net in enumerate(nets):
            net.draw(seed + i)
        seeds = f"seed {seed}" if n_draws == 1 else f"seeds {seed} to {seed + n_draws - 1}"
        weights = f"random weights ({seeds}): random-feature style loss, {n_draws} seed"
        weights, sha256 = weights + "s" * (n_draws > 1), ""
    else:
        nets = [_empty(family, wanted, pool)]
        weights, sha256 = _load(nets[0], family)
    places = {layer: _place(nets[0], layer, family) for layer in wanted}
    words = {"squeezenet": "SqueezeNet 1.1"}.get(family, f"VGG-{family[3:]}, {pool} pooling")
    facts = FeatureFacts(words, " ".join(wanted), weights, sha256, "")
    return StyleNet([net.features for net in nets], places, facts=facts, small=small)


def _first_at_hand(fetch: bool) -> StyleNetName:
    if VGG_WEIGHTS[19].find():
        return "vgg19"
    if SQUEEZENET_WEIGHTS.find():
        return "squeezenet"
    if fetch:
        try:
            SQUEEZENET_WEIGHTS.fetch()
        except ModelError:
            return "random-squeezenet"  # its facts say so
        return "squeezenet"
    return "random-squeezenet"


def _empty(family: str, layers: Sequence[str], pool: Pool) -> Vgg | SqueezeNet:
    if not layers:
        raise UsageError("a style net needs a layer", f"for example {LAYERS[family][0]}")
    if family == "squeezenet":
        return SqueezeNet()
    depth = 16 if family == "vgg16" else 19
    places = Vgg(depth, pool=pool).places if len(layers) > 1 else {}
    known = [layer for layer in layers if layer in places] or [layers[0]]
    return Vgg(depth, pool=pool, last=max(known, key=lambda layer: places.get(layer, 0)))


def _place(net: Vgg | SqueezeNet, layer: str, family: str) -> int:
    places = PLACES if isinstance(net, SqueezeNet) else net.places
    if layer not in places:
        raise UsageError(f"{family} has no layer {layer!r}", nearest(layer, places))
    return places[layer]


def _load(net: Vgg | SqueezeNet, family: str) -> tuple[str, str]:
    """Fill published weights in; what they are in words, and their file's sha256."""
    published = SQUEEZENET_WEIGHTS if family == "squeezenet" else VGG_WEIGHTS[int(family[3:])]
    path = published.find() or published.fetch()
    state, sha256 = published.read(path, prefix="features.")
    wanted = {key: state[key] for key in net.state_dict() if key in state}
    try:
        net.load_state_dict(wanted)
    except RuntimeError as error:
        raise ModelError(
            f"the weights {path} are not those of {family}", "restore the published file"
        ) from error
    return f"ImageNet weights {path.name}", sha256


def _fields(trunk: nn.Sequential, places: Mapping[str, int]) -> dict[str, int]:
    """Side in pixels of what one value of each layer's maps is computed from."""
    field, jump, after = 1, 1, []
    for step in trunk:
        if isinstance(step, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            kernel, stride = _side(step.kernel_size), _side(step.stride)
        else:
            kernel, stride = (3 if isinstance(step, Fire) else 1), 1
        field += (kernel - 1) * jump
        jump *= stride
        after.append(field)
    return {name: after[place] for name, place in places.items()}


def _side(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]
