"""Our geodesics: the whole call until it converges, and the shortest that reaches each energy."""

import argparse
import json
import time

import numpy as np
import torch

from latentscape.trajectories.geodesic import Geodesics, geodesics
from latentscape.trajectories.geodesic_search import GeodesicSettings

PATIENCE = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 28, 34, 40, 50, 60, 80, 100, 150, 200)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("decoder", help="exported program")
    parser.add_argument("pairs", help="npz with `starts` and `ends`")
    parser.add_argument("--n-nodes", type=int, default=20)
    parser.add_argument("--targets", type=float, nargs="*", default=[], help="mean energies")
    words = parser.parse_args()
    decode = torch.export.load(words.decoder).module()
    with np.load(words.pairs) as file:
        starts, ends = file["starts"], file["ends"]

    def found(most: int = 1000) -> Geodesics:
        settings = GeodesicSettings(n_nodes=words.n_nodes, most=most)
        return geodesics(starts, ends, n_steps=10, decode=decode, settings=settings)

    found(3)
    begin = time.perf_counter()
    whole = found()
    seconds = time.perf_counter() - begin
    answer = {
        "seconds": seconds,
        "converged": float(whole.converged.mean()),
        "n_iterations": float(whole.n_iterations.mean()),
        "most_iterations": int(whole.n_iterations.max()),
        "energy": float(whole.energy.mean()),
        "energy_of_line": float(whole.energy_of_line.mean()),
        "length": float(whole.length.mean()),
        "length_of_line": float(whole.length_of_line.mean()),
        "reached": [reached(found, target) for target in words.targets],
    }
    print("\n" + json.dumps(answer), flush=True)


def reached(found, target: float) -> dict:
    """Seconds of the whole call with just the patience that a mean energy takes."""
    for most in PATIENCE:
        if found(most).energy.mean() <= target:
            break
    begin = time.perf_counter()
    energy = float(found(most).energy.mean())
    seconds = time.perf_counter() - begin
    return {"target": target, "seconds": seconds, "energy": energy, "patience": most}


if __name__ == "__main__":
    main()
