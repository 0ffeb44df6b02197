"""Maps side by side, where each lies, and strips beside the dissolve of their decoded ends."""

import re

import numpy as np
import pytest

from latentscape.records import MapRecord, Measure, Row, TrajectoryRecord, Undefined
from latentscape.report.canvas import style
from latentscape.report.figures import atlas, maps, strips
from latentscape.report.palette import DARK, LIGHT, contrast, trust


@pytest.fixture(autouse=True)
def in_style():
    with style():
        yield


@pytest.fixture
def records(reported) -> list[MapRecord]:
    return [MapRecord.load(file) for file in sorted((reported.folder / "maps").glob("*.json"))]


def scored(record: MapRecord, trust: float, low: float, high: float) -> MapRecord:
    measures = (
        Measure(name="trustworthiness", value=trust, low=low, high=high, better="higher"),
        Measure(name="neighbour_preservation", value=0.5, better="higher"),
    )
    return record.model_copy(update={"faithfulness": Row(name="map", measures=measures)})


def printed(drawing: str) -> str:
    return " | ".join(re.findall(r"<text[^>]*>([^<]*)</text>", drawing))


def test_three_maps_of_the_same_latents_are_one_picture(records):
    (picture,) = atlas.atlases(records)
    words = printed(picture.svg)
    for name in ("PCA", "PaCMAP", "UMAP", "t-SNE", "Latents"):
        assert name in words
    assert words.count("trustworthy 0.975") == len(records)
    assert "random" in picture.small_print or "none" in picture.small_print
    assert not atlas.atlases(records[:2])


def test_maps_of_other_latents_are_not_mixed_in(records):
    others = [
        r.model_copy(update={"sample_ids": tuple(f"other-{i}" for i in r.sample_ids)})
        for r in records
    ]
    assert len(atlas.atlases([*records, *others])) == 2
    assert len(atlas.atlases([*records, others[0]])) == 1


def test_the_best_is_marked_and_so_is_what_cannot_be_told_from_it(records):
    best, near, far = (
        scored(r, *values)
        for r, values in zip(
            records,
            [(0.98, 0.97, 0.99), (0.975, 0.968, 0.982), (0.9, 0.89, 0.91)],
            strict=False,
        )
    )
    words = printed(atlas.atlas([best, near, far]).svg)
    assert "trustworthy 0.980 ★" in words
    assert "trustworthy 0.975 ☆" in words
    assert "trustworthy 0.900 " in words.replace(" |", "  |")
    assert "0.900 ★" not in words


def test_a_map_without_measures_says_so(records):
    bare = records[0].model_copy(
        update={
            "faithfulness": Row(
                name="m", measures=(), undefined=(Undefined(name="stress", why="one point"),)
            )
        }
    )
    assert "not defined" in printed(atlas.atlas([bare, *records[1:3]]).svg)
    assert "one point" in maps.latent_map(bare).words.alt


def test_a_map_shows_where_it_lies(records):
    record = records[0]
    assert "Where it lies" not in printed(maps.latent_map(record).svg)
    share = np.linspace(0.4, 1, len(record.positions)).astype(np.float32)
    picture = maps.latent_map(record.model_copy(update={"trust": share, "trust_k": 10}))
    words = printed(picture.svg)
    assert "Where it lies: trust, point by point" in words
    assert "0.700" in words
    assert "blind" in words
    assert "a point's 10 neighbours" in picture.words.read
    assert "the map lies" in picture.words.read


@pytest.mark.parametrize("value", np.linspace(0, 1, 9))
def test_every_degree_of_trust_is_seen_on_both_papers(value):
    from matplotlib.colors import to_hex

    colour = to_hex(trust()(value))
    assert contrast(colour, LIGHT["card"]) > 1.9
    assert contrast(colour, DARK["card"]) > 2.6


def test_the_dissolve_is_of_the_decoded_ends(reported):
    record = TrajectoryRecord.load(reported.folder / "trajectories" / "linear-random")
    frames = np.zeros_like(record.frames)
    frames[:, 0], frames[:, -1] = 40, 200
    originals = np.full_like(record.originals, 255)
    pair = strips._pair(record.model_copy(update={"frames": frames, "originals": originals}), 0, 1)
    lower = pair[pair.shape[0] * 3 // 4, :, 0]
    seen = lower[pair[pair.shape[0] * 3 // 4, :, 3] > 0]
    side = record.frames.shape[-1]
    mixed = seen[side:-side]
    assert mixed.min() == 40
    assert mixed.max() == 200
    assert (np.diff(mixed.astype(int)) >= 0).all()
