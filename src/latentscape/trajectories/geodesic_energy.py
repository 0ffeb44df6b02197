"""The energy of decoded curves, its gradient, and the metric a decoder pulls back."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from latentscape.errors import UsageError

Decode = Callable[[Tensor], Tensor]
LogDensityOf = Callable[[Tensor], Tensor]

MEMORY_BYTES = 1 << 28  # of one decoded batch with what its gradient needs
MOST_AT_ONCE = 4096


@dataclass
class CurveEnergy:
    """E = (N/2) Σ ‖g(z_{i+1}) − g(z_i)‖² of curves of N pieces, and λ Σ −log p(z_i) if wanted.

    g is what the metric sees of a latent: its image's pixels, or the features of that image.

    Attributes:
        decode: Latents ``batch *latent`` to images; images of a batch must not depend on each
            other.
        shape: ``*latent``.
        features: Images to ``batch f`` vectors; pixels if None.
        log_density: Latents to ``batch`` log densities; no such term if None.
        density_weight: λ, energy per nat.

    Raises:
        UsageError: If the decoder, or the feature net, gives no gradients.
    """

    decode: Decode
    shape: tuple[int, ...]
    features: Decode | None = None
    log_density: LogDensityOf | None = None
    density_weight: float = 0.0

    def __post_init__(self):
        self.device = torch.device("cpu")  # curves are kept where what is seen of them comes out
        self.device = self._probe(1)[1].device
        self.at_once = self._how_many_at_once()

    def seen(self, latents: Tensor) -> Tensor:
        """``n *latent`` as the metric sees them, (n, values) float32, without gradients."""
        with torch.no_grad():
            return torch.cat([self._see(part) for part in latents.split(self.at_once)])

    def of(self, curves: Tensor, *, cut: int = 1) -> tuple[Tensor, Tensor]:
        """Energy and length of curves as they stand.

        Args:
            curves: ``pairs points *latent``.
            cut: Every how many points is a node.

        Returns:
            (pairs,) energy over the nodes, without the density's term, and (pairs, points − 1)
            lengths of the pieces between points; float64.
        """
        n_points = curves.shape[1]
        energies, lengths = [], []
        for part in curves.split(max(1, self.at_once // n_points)):
            seen = self.seen(part.flatten(0, 1)).unflatten(0, (len(part), n_points))
            squares = seen[:, ::cut].diff(dim=1).square().sum(2, dtype=torch.float64)
            energies.append((n_points - 1) // cut / 2 * squares.sum(1))
            lengths.append(seen.diff(dim=1).square().sum(2, dtype=torch.float64).sqrt())
        return torch.cat(energies), torch.cat(lengths)

    def with_gradient(self, inner: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
        """What is minimised, and its gradient in the inner nodes.

        Args:
            inner: ``pairs nodes *latent`` between the ends.
            ends: ``pairs 2 values``, the ends as the metric sees them.

        Returns:
            (pairs,) float64, and ``pairs nodes *latent``.
        """
        n_nodes = inner.shape[1]
        at_once = max(1, self.at_once // n_nodes)
        parts = zip(inner.split(at_once), ends.split(at_once), strict=True)
        values, gradients = zip(*(self._of_some(*part) for part in parts), strict=True)
        return torch.cat(values), torch.cat(gradients)

    def metric(self, places: Tensor, axes: Tensor, reach: Tensor) -> Tensor:
        """G = AᵀJᵀJA averaged over places, J by forward differences.

        Differences over a fair distance say more of where a curve will go than the derivative.

        Args:
            places: ``pairs places *latent``.
            axes: (values, axes), A: directions to measure along.
            reach: (pairs,) how far to step along each, in its own length; above 0.

        Returns:
            (pairs, axes, axes).
        """
        n_pairs, n_places = places.shape[:2]
        flat = places.flatten(0, 1)
        reach = reach.repeat_interleave(n_places).view(-1, *[1] * len(self.shape))
        found = []
        step = max(1, self.at_once // axes.shape[1])
        for z, far in zip(flat.split(step), reach.split(step), strict=True):
            here = self.seen(z)
            columns = [
                (self.seen(z + far * axis.view(self.shape)) - here) / far.view(-1, 1)
                for axis in axes.T
            ]
            jacobian = torch.stack(columns, 2)
            found.append(jacobian.transpose(1, 2) @ jacobian)
        return torch.cat(found).view(n_pairs, n_places, axes.shape[1], -1).mean(1)

    def pull(self, starts: Tensor, ends: Tensor) -> Tensor:
        """How steeply the density's term curves from end to end, λ per squared latent unit.

        Args:
            starts, ends: ``pairs *latent``.

        Returns:
            (pairs,), at least 0; 0 where there is no such term.
        """
        if self.log_density is None:
            return starts.new_zeros(len(starts))
        with torch.enable_grad():
            both = torch.stack([starts, ends]).detach().requires_grad_()
            log_p = self.log_density(both.flatten(0, 1))
            (uphill,) = torch.autograd.grad(log_p.sum(), both)
        apart = (ends - starts).flatten(1)
        bend = ((uphill[0] - uphill[1]).flatten(1) * apart).sum(1) / apart.square().sum(1)
        return (self.density_weight * bend).nan_to_num(0.0, 0.0, 0.0).clamp_min(0)

    def _of_some(self, inner: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
        """`with_gradient` of as many curves as are decoded at once."""
        n_pairs, n_nodes = inner.shape[:2]
        n_pieces = n_nodes + 1
        nodes = inner.flatten(0, 1).detach()
        whole = len(nodes) <= self.at_once
        with torch.enable_grad():
            nodes.requires_grad_()
            seen = self._see(nodes) if whole else self.seen(nodes)
        between = seen.detach().view(n_pairs, n_nodes, -1)
        steps = torch.cat([ends[:, :1], between, ends[:, 1:]], 1).diff(dim=1)
        value = n_pieces / 2 * steps.square().sum((1, 2), dtype=torch.float64)
        # dE/dg by hand: so the differences need no graph, and a long curve is decoded in parts
        pull = -n_pieces * steps.diff(dim=1).flatten(0, 1)
        if whole:
            (gradient,) = torch.autograd.grad(seen, nodes, pull)
        else:
            parts = zip(nodes.split(self.at_once), pull.split(self.at_once), strict=True)
            gradient = torch.cat([self._pulled_back(*part) for part in parts])
        if self.log_density is not None:
            with torch.enable_grad():
                log_p = self.log_density(nodes)
                (uphill,) = torch.autograd.grad(log_p.sum(), nodes)
            gradient = gradient - self.density_weight * uphill
            dense = log_p.detach().view(n_pairs, n_nodes).sum(1, dtype=torch.float64)
            value = value - self.density_weight * dense
        return value, gradient.view(inner.shape)

    def _pulled_back(self, latents: Tensor, pull: Tensor) -> Tensor:
        """Jᵀ times a row of each latent."""
        with torch.enable_grad():
            latents = latents.detach().requires_grad_()
            return torch.autograd.grad(self._see(latents), latents, pull)[0]

    def _see(self, latents: Tensor) -> Tensor:
        images = self.decode(latents)
        seen = images if self.features is None else self.features(images)
        return seen.flatten(1).float()

    def _probe(self, n: int) -> tuple[int, Tensor]:
        """Bytes kept for the gradient of n latents, and what is seen of them."""
        sizes: list[int] = []

        def keep(tensor: Tensor) -> Tensor:
            sizes.append(tensor.numel() * tensor.element_size())
            return tensor

        latents = torch.zeros(n, *self.shape, device=self.device, requires_grad=True)
        with torch.enable_grad(), saved_tensors_hooks(keep, lambda tensor: tensor):
            seen = self._see(latents)
        return sum(sizes) + seen.numel() * seen.element_size(), seen

    def _how_many_at_once(self) -> int:
        """Latents whose images, and all that their gradient keeps, fit in `MEMORY_BYTES`."""
        (one, seen), (two, _) = self._probe(1), self._probe(2)
        if not seen.requires_grad:
            raise UsageError(
                "what decodes here gives no gradients, so no geodesic can be found through it",
                "choose a graph, which needs none",
            )
        return int(min(MOST_AT_ONCE, max(1, MEMORY_BYTES // max(1, two - one))))
