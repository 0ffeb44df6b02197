"""Peer: stochman's own optimiser (Adam, learning rate .1, at most 150 steps) on its own curves."""

import argparse
import json
import time
from importlib.metadata import version

import numpy as np
import torch
from stochman.curves import CubicSpline, DiscreteCurve
from stochman.geodesic import geodesic_minimizing_energy
from stochman.manifold import EmbeddedManifold

CURVES = {
    "spline-5": lambda a, b: CubicSpline(a, b, num_nodes=5),
    "discrete-5": lambda a, b: DiscreteCurve(a, b, num_nodes=5),
    "discrete-20": lambda a, b: DiscreteCurve(a, b, num_nodes=20),
}


class Decoded(EmbeddedManifold):
    """The decoder's manifold, which notes when it was asked for an energy and what it said."""

    def __init__(self, decode):
        super().__init__()
        self.decode, self.told = decode, []

    def embed(self, points, jacobian=False):
        return self.decode(points.flatten(0, 1)).reshape(*points.shape[:2], -1)

    def curve_energy(self, curve, reduction="sum", dt=None):
        energy = super().curve_energy(curve, reduction, dt)
        self.told.append((time.perf_counter(), energy.item()))
        return energy


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("decoder", help="exported program")
    parser.add_argument("pairs", help="npz with `starts` and `ends`")
    parser.add_argument("--curve", choices=CURVES, required=True)
    parser.add_argument("--n-nodes", type=int, default=20)
    words = parser.parse_args()
    decode = torch.export.load(words.decoder).module()
    with np.load(words.pairs) as file:
        starts, ends = (torch.from_numpy(file[name]) for name in ("starts", "ends"))
    make = CURVES[words.curve]
    geodesic_minimizing_energy(
        make(starts, ends), Decoded(decode), max_iter=3, eval_grid=words.n_nodes
    )
    manifold, curve = Decoded(decode), make(starts, ends)
    begin = time.perf_counter()
    arrived = geodesic_minimizing_energy(curve, manifold, max_iter=150, eval_grid=words.n_nodes)
    with torch.no_grad():  # the last step's energy, which it does not look at
        manifold.curve_energy(curve(torch.linspace(0, 1, words.n_nodes)))
    answer = {
        "library": f"stochman {version('stochman')}, torch {torch.__version__}",
        # its energy is the sum over pairs of N Σ ‖Δg‖²; ours is half of that
        "trace": [[at - begin, total / 2 / len(starts)] for at, total in manifold.told],
        "converged": bool(arrived),
    }
    print("\n" + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
