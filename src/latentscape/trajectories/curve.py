"""Coordinates of curves in which their energy curves alike in every direction."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

SOFTEST = 1e-4  # of the stiffest axis: what hardly changes the image is not let run off at once


@dataclass
class CurveCoordinates:
    """Inner nodes as base + Σ_kj u_kj s_k a_j / √(N μ_k Λ_j + λ), one row of u a pair.

    With a metric G that does not change along the curve the energy's Hessian is N T ⊗ G, T the
    second difference. s_k are its sines, μ_k = 4 sin²(πk/2N) their eigenvalues, a_j the axes in
    which G = Λ, λ what a density adds at each node: in u the Hessian is the identity.

    Attributes:
        base: ``pairs nodes values``, the curve without its ends, at u = 0.
        axes: (pairs, values, axes) a_j; None for the latent's own axes.
        scale: (pairs, nodes, axes) of u.
    """

    base: Tensor
    axes: Tensor | None
    scale: Tensor

    def __post_init__(self):
        n_pieces = self.base.shape[1] + 1
        k = torch.arange(1, n_pieces, device=self.base.device, dtype=self.base.dtype)
        self.sines = math.sqrt(2 / n_pieces) * torch.sin(math.pi * k[:, None] * k / n_pieces)

    @classmethod
    def along(
        cls, base: Tensor, axes: Tensor | None, stiffness: Tensor, *, pull: Tensor
    ) -> "CurveCoordinates":
        """Coordinates about a curve.

        Args:
            base: ``pairs nodes values`` between the ends.
            axes: See the class.
            stiffness: (pairs, axes) Λ.
            pull: (pairs,) λ: how steeply a density curves alike in all directions.
        """
        n_pieces = base.shape[1] + 1
        k = torch.arange(1, n_pieces, device=base.device, dtype=base.dtype)
        bends = 4 * torch.sin(math.pi * k / (2 * n_pieces)).square()
        stiffness = torch.maximum(stiffness, SOFTEST * stiffness.amax(1, keepdim=True))
        curving = n_pieces * bends[:, None] * stiffness[:, None] + pull[:, None, None]
        return cls(base, axes, curving.clamp_min(torch.finfo(base.dtype).tiny).rsqrt())

    def nodes(self, u: Tensor, rows: Tensor) -> Tensor:
        """(rows, n) coordinates to ``rows nodes values``."""
        scaled = self.sines @ (u.view(len(rows), *self.scale.shape[1:]) * self.scale[rows])
        if self.axes is not None:
            scaled = scaled @ self.axes[rows].transpose(1, 2)
        return self.base[rows] + scaled

    def gradient(self, by_node: Tensor, rows: Tensor) -> Tensor:
        """Gradient in ``rows nodes values`` to the gradient in u, (rows, n)."""
        along = self.sines @ by_node
        if self.axes is not None:
            along = along @ self.axes[rows]
        return (along * self.scale[rows]).flatten(1)
