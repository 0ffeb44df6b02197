"""The exported page reckons as the program does: one file of numbers holds both to it.

`python tests/workflows/test_offline_numbers.py` writes ``web/tests/numbers/offline.json`` anew; the
page's own tests read it.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from latentscape.projection import PCA
from latentscape.projection.lift import ExactLift, InverseLift, NeighbourLift, placed_among
from latentscape.projection.search import Nearest
from latentscape.trajectories import interpolator_named
from latentscape.trajectories.dissolve import dissolve
from latentscape.trajectories.panel import dissolve_panel
from latentscape.trajectories.summary import dissolve_amount
from latentscape.trajectories.surroundings import Surroundings
from latentscape.trajectories.verdict import reasons, verdicts
from latentscape.workflows.export.gathered import WAYS
from latentscape.workflows.key_frames import through_keys

FILE = Path(__file__).parents[2] / "web" / "tests" / "numbers" / "offline.json"
PANEL = (
    "blend", "off_blend", "blend_gap", "off_blend_most", "off_blend_median", "deficit",
    "path_ratio", "turning", "ghost",
)  # fmt: skip


def numbers() -> dict[str, Any]:
    """Inputs, and what the program makes of them."""
    return {"lifts": lifts(), "ways": ways(), "films": films()}


def lifts() -> list[dict[str, Any]]:
    """Clouds of many points and of few, some of them twice."""
    rng = np.random.default_rng(0)
    many = rng.normal(size=(40, 5)) * [3, 2, 1, 0.5, 0.1]
    few, twice = rng.normal(size=(5, 3)), np.repeat(rng.normal(size=(6, 4)), 3, axis=0)
    found = []
    for latents in (many, few, twice, np.ones((9, 2))):
        latents = latents.astype(np.float32)
        pca = PCA().fit(latents)
        positions = pca.transform(latents)
        spread = np.ptp(positions, axis=0) + 1
        places = np.concatenate(
            [positions[:2], positions[-1:] + 1e-3, rng.normal(size=(6, 2)) * spread, [[40, -30]]]
        ).astype(np.float64)
        probes = np.concatenate([latents[:2], latents[:4] + 0.1]).astype(np.float32)
        ways = {"neighbours": NeighbourLift(positions, latents)}
        if pca.mean.size:
            ways["inverse"] = InverseLift(positions, pca, size=latents.shape[1])
        if latents.shape[1] == 2:
            ways["exact"] = ExactLift(positions)
        found.append(
            {
                "size": latents.shape[1],
                "positions": positions,
                "latents": latents,
                "mean": pca.mean,
                "components": pca.components,
                "explained": sum(pca.explained),
                "places": places,
                "lifted": {name: way(places)._asdict() for name, way in ways.items()},
                "probes": probes,
                "placed": {
                    "neighbours": _among(positions, latents, probes),
                    **({"inverse": pca.transform(probes)} if pca.mean.size else {}),
                },
            }
        )
    return found


def _among(positions: np.ndarray, latents: np.ndarray, probes: np.ndarray) -> np.ndarray:
    k = min(8, len(latents))
    near, distances = Nearest(latents)(probes, min(k + 1, len(latents)))
    if distances.shape[1] == k:
        distances = np.pad(distances, ((0, 0), (0, 1)), constant_values=np.inf)
    return placed_among(positions, near[:, :k], distances)


def ways() -> list[dict[str, Any]]:
    """Ways through two and three keys; ends that are opposite, and one that is zero."""
    rng = np.random.default_rng(1)
    cloud = rng.normal([5, 0, 0, 1], size=(50, 4)).astype(np.float32)
    around = Surroundings(latents=cloud)
    plain = rng.normal(size=(3, 4)).astype(np.float32)
    sets = (plain[:2], plain, np.stack([plain[0], -plain[0]]), np.stack([plain[0], 0 * plain[0]]))
    found = []
    for method in WAYS:
        travel = interpolator_named(method, around)
        for keys in sets:
            way = through_keys(keys, method=method, travel=travel)
            latents = way(keys[:1], keys[-1:], n_steps=10)[0]
            found.append(
                {"method": method, "keys": keys, "centre": around.moments.mean, "latents": latents}
            )
    return found


def films() -> list[dict[str, Any]]:
    """A moving square, a dissolve, a cut, noise, and films that define nothing."""
    rng = np.random.default_rng(2)
    ends = rng.random((2, 2, 9, 8)).astype(np.float32)
    faded = np.stack([(1 - t) * ends[0] + t * ends[1] for t in np.linspace(0, 1, 6)])
    moving = np.zeros((7, 1, 12, 12), np.float32)
    for i, frame in enumerate(moving):
        frame[0, 4:7, 1 + i : 4 + i] = 1
    cut = np.stack([ends[0]] * 4 + [ends[1]] * 4)
    noise = rng.random((5, 3, 6, 7)).astype(np.float32)
    still, toned = (
        np.stack([ends[0]] * 4),
        np.linspace(0, 0.5, 4)[:, None, None, None] + 0 * noise[:4],
    )
    found = []
    for film in (faded, moving, cut, noise, moving[:3], moving[:2], still, toned, np.nan * noise):
        film = np.ascontiguousarray(film, np.float32)
        panel = dissolve_panel(film[None])
        null = dissolve(
            torch.from_numpy(film[None, 0]), torch.from_numpy(film[None, -1]), len(film)
        )
        found.append(
            {
                "shape": film.shape,
                "values": film.reshape(-1),
                "dissolve": null.numpy().reshape(-1),
                "panel": {name: getattr(panel, name)[0] for name in PANEL},
                "dissolve_amount": dissolve_amount(panel.off_blend_most)[0],
                "verdict": str(verdicts(panel)[0]),
                "why": reasons(panel)[0],
            }
        )
    return found


def plain(value: Any) -> Any:
    """As JSON has it; what is not finite is null."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float):
        return round(value, 9) if np.isfinite(value) else None
    return value


def agree(mine: Any, theirs: Any, where: str = "") -> None:
    if isinstance(mine, dict):
        assert mine.keys() == theirs.keys(), where
        for key in mine:
            agree(mine[key], theirs[key], f"{where}.{key}")
    elif isinstance(mine, list):
        assert len(mine) == len(theirs), where
        for i, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            agree(a, b, f"{where}[{i}]")
    elif isinstance(mine, float) and theirs is not None:
        assert abs(mine - theirs) <= 1e-5 * max(1, abs(theirs)), where
    else:
        assert mine == theirs, where


def test_the_shared_numbers_are_the_programs_own():
    agree(plain(numbers()), json.loads(FILE.read_text()))


if __name__ == "__main__":
    FILE.write_text(json.dumps(plain(numbers())) + "\n")
