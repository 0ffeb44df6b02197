"""Pictures and tables of motion, from a record made by hand."""

import re

import numpy as np
import pytest

from latentscape.motion.resampled import draws_of
from latentscape.motion.summary import course_row, flow_row, shift_row, space_row
from latentscape.records import (
    MapRecord,
    MotionMaps,
    MotionPlane,
    MotionRecord,
    Provenance,
    Row,
    ShiftTable,
    ShotTable,
    Undefined,
)
from latentscape.report.canvas import style
from latentscape.report.figures.maps import latent_map
from latentscape.report.figures.motion import motion_pictures
from latentscape.report.figures.motion_maps import motion_maps
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html
from latentscape.report.topics import motion as topic

M = 12
PROVENANCE = Provenance(
    model="m", recipe="vae", data="d", split="all", n=M, seed=0, latent_shape=(4, 6, 5)
)


@pytest.fixture(autouse=True)
def in_style():
    with style():
        yield


def record(**changes) -> MotionRecord:
    rng = np.random.default_rng(0)
    flow = rng.uniform(0.1, 5, M)
    draws = draws_of(np.full(M, "f"), np.arange(M).astype(str), seed=0)
    columns = {f"flow {name}": flow for name in ("flow", "first_flow", "rrld", "is_linear")}
    columns["flow texture"] = rng.random(M)
    for space, height in (("latents", 0.4), ("pixels", 0.3), ("latents between", 5)):
        columns[f"{space} midpoint_deviation"] = rng.uniform(0.8, 1.2, M) * height
        columns[f"{space} displacement"] = flow * height

    def row(space, **more):
        held = {
            "midpoint_deviation": columns[f"{space} midpoint_deviation"],
            "displacement": columns[f"{space} displacement"],
            "flow": flow,
        }
        return space_row(more.pop("name"), held, draws, **more)

    of_flow = {"flow": flow, "rrld": flow, "is_linear": (flow > 1) * 1.0}
    beside = "all triplets"
    found = {
        "provenance": PROVENANCE,
        "rows": (row("latents", name=beside),),
        "baselines": (
            row("pixels", name=f"pixels, {beside}", beside=beside),
            row("latents between", name=f"latents, middles of other shots, {beside}"),
            flow_row(f"optical flow, {beside}", of_flow, draws, beside=beside),
        ),
        "undefined": (Undefined(name="longer shots", why="there are none"),),
        "names": tuple(f"t{k}" for k in range(M)),
        "splits": ("train",) * 8 + ("test",) * 4,
        "shots": tuple(f"s{k}" for k in range(M)),
        "films": ("f",) * M,
        "columns": columns,
        "flow": "dis",
        "latents_from": "posterior means",
        "frame_shape": (3, 24, 20),
    }
    return MotionRecord(**{**found, **changes})


def shift_table() -> ShiftTable:
    draws = draws_of(np.full(4, "f"), np.arange(4).astype(str), seed=0)

    def row(pixels, error):
        ones = np.ones(4)
        columns = {"errors": error * ones, "unmoved": ones, "psnr": 30 * ones,
                   "unmoved_psnr": 20 * ones}  # fmt: skip
        return shift_row(f"{pixels} px", columns, draws)

    made = tuple(row(pixels, 0.5 if pixels < 4 else 0.01) for pixels in (1, 2, 4, 8))
    return ShiftTable(pixels=(1, 2, 4, 8), factor=4, edge=2, rows=made, baselines=made)


def plane(**changes) -> MotionPlane:
    rng = np.random.default_rng(0)
    found = {
        "explained": (0.5, 0.25),
        "crowd": rng.normal(size=(30, 2)),
        "courses": (rng.normal(size=(5, 2)), np.zeros((4, 2))),
        "names": ("a", "b"),
        "of_shots": True,
        "n_fitted": 30,
    }
    return MotionPlane(**{**found, **changes})


def words(picture) -> str:
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture.svg)
    return " | ".join(texts) + picture.words.read + picture.words.alt


def test_each_picture_says_what_it_is_held_against():
    found = {p.words.name: words(p) for p in motion_pictures(record())}
    assert list(found) == ["motion-deviation", "motion-flow"]
    assert "middle of another shot: median " in found["motion-deviation"]
    assert "latents, ρ = 1.00" in found["motion-flow"]
    assert "test" in found["motion-flow"]
    assert "val" not in found["motion-flow"].split(" | ")


def test_shifts_and_courses_are_drawn_where_there_are_any():
    found = motion_pictures(record(shifts=shift_table(), plane=plane()))
    assert [p.words.name for p in found][2:] == ["motion-shifts", "motion-courses"]
    assert "error 0.0100 at one whole cell, up to 0.500 at parts" in words(found[2])
    assert "Shots on the plane of all frames" in words(found[3])
    assert "PC 1 (50%)" in words(found[3])


def test_arrows_too_short_to_see_are_drawn_larger_and_it_is_said():
    short = plane(courses=(0.01 * np.arange(6).reshape(3, 2),), names=("a",), of_shots=False)
    (found,) = [p for p in motion_pictures(record(plane=short)) if p.words.name == "motion-courses"]
    assert re.search(r"Each is drawn (5|10|20) times its size", found.words.read)
    (found,) = [p for p in motion_pictures(record(plane=plane())) if "courses" in p.words.name]
    assert "times its size" not in found.words.read


def test_deviations_far_out_stand_where_they_are():
    far = record()
    columns = {**far.columns, "latents between midpoint_deviation": np.geomspace(20, 90, M)}
    found = motion_pictures(far.model_copy(update={"columns": columns}))[0]
    assert "100" in re.findall(r"<text[^>]*>([^<]*)</text>", found.svg)


def test_what_lies_off_the_axis_of_deviations_is_counted():
    (whole,) = [p for p in motion_pictures(record()) if p.words.name == "motion-deviation"]
    assert "drawn" not in whole.words.read
    own = np.array([0.0, 0.001, 0.029, *np.full(M - 3, 0.4)])
    far = np.array([*np.full(M - 2, 5.0), 5e3, 1e6])
    columns = {"latents midpoint_deviation": own, "latents between midpoint_deviation": far}
    told = record(columns={**record().columns, **columns})
    (off,) = [p for p in motion_pictures(told) if p.words.name == "motion-deviation"]
    assert f"Below 0.03 and drawn there: 3 of {M} (latents)." in off.words.read
    assert f"not drawn: 2 of {M} (latents, middle of another shot)." in off.words.read


def test_chance_stands_beside_and_flow_is_no_number_of_pixels(tmp_path):
    contents = RunContents(tmp_path, {})
    told = {"resampled": "1 scene of 12 triplets, fewer than 8", "warnings": ("little moves",)}
    contents.records = [("d", record(**told))]
    page = topic.blocks(contents, lambda picture: Html(""))
    first, flow = page[0].split("</table>")[:2]
    head = re.findall(r"<th scope=.col.>([^<]*)<", first)
    assert head[:2] == ["measure", "latents"]
    assert head[-2:] == ["chance", "better side"]
    line = next(part for part in first.split("<tr>") if "flow correlation" in part)
    assert "−0." in line  # the low end of the band of chance
    assert "mean flow" not in first
    assert "mean flow" in flow
    assert "little moves" in "".join(page)


@pytest.mark.parametrize("n_scenes", [5, M])
def test_the_page_says_what_chance_is(tmp_path, n_scenes):
    rng = np.random.default_rng(0)
    draws = draws_of(np.full(M, "f"), (np.arange(M) % n_scenes).astype(str), seed=0)
    columns = {"displacement": rng.random(M), "flow": rng.random(M)}
    told = record(rows=(space_row("all triplets", columns, draws),))
    contents = RunContents(tmp_path, {})
    contents.records = [("d", told)]
    page = topic.blocks(contents, lambda picture: Html(""))[0]
    held = told.rows[0]["flow_correlation"].reference
    assert held is not None
    assert f"Chance: {held.words}." in page
    if n_scenes < 8:
        assert (held.value, held.low, held.high) == (0, None, None)
        assert "5 shots of 12 triplets, fewer than 8: too few to exchange their flows" in held.words
    else:
        assert held.low is not None
        assert held.low < 0 < held.high
        assert "flows shuffled among 12 groups of triplets, 200 times" in held.words


def test_where_nothing_moves_there_is_no_flow_to_draw():
    still = record()
    columns = {**still.columns, "flow flow": np.zeros(M)}
    assert [p.words.name for p in motion_pictures(still.model_copy(update={"columns": columns}))]\
        == ["motion-deviation"]  # fmt: skip


def test_courses_are_arrows_on_a_map_of_their_frames():
    rng = np.random.default_rng(0)
    drawn = MapRecord(
        provenance=PROVENANCE, method="umap", parameters={}, positions=rng.normal(size=(9, 2)),
        labels=np.full(9, -1), class_names=(), sample_ids=tuple(f"f{k}" for k in range(9)),
        faithfulness=Row(name="umap", measures=()), baselines=(),
    )  # fmt: skip
    shown = plane(frame_ids=(("f0", "f1", "f2"), ("f8", "elsewhere")))
    picture = latent_map(drawn, shown)
    assert "Arrows: 1 of the shots, from first frame to last" in picture.words.read
    assert "Arrows" not in latent_map(drawn).words.read
    assert len(picture.svg) > len(latent_map(drawn).svg)


def test_maps_stand_beside_their_frames():
    rng = np.random.default_rng(0)
    maps = MotionMaps(
        names=("one", "b" * 60),
        frames=rng.integers(0, 255, (2, 3, 3, 24, 20)).astype(np.uint8),
        motion=rng.random((2, 6, 5)),
        change=np.zeros((2, 6, 5)),
        pixel_change=rng.random((2, 6, 5)),
        correlations=np.array([0.5, np.nan]),
    )
    told = words(motion_maps(maps, PROVENANCE))
    assert "one, ρ 0.50" in told
    assert "…" in told
    assert "not defined" in told


def test_one_is_no_plural_and_no_range(tmp_path):
    draws = draws_of(np.full(3, "f"), np.arange(3).astype(str), seed=0)
    numbers = {name: np.ones(3) for name in ("curvature", "straightness", "roughness")}
    shots = ShotTable(
        rows=(course_row("latents", numbers, draws),), baselines=(), names=("a", "b", "c"),
        frames=np.full(3, 9), numbers={},
    )  # fmt: skip
    told = record(step=1, shot_table=shots)
    contents = RunContents(tmp_path, {}, None, [("d", told)])
    page = "\n".join(topic.blocks(contents, lambda picture: Html(picture.words.title)))
    assert "1 frame a step" in page
    assert "3 shots (or pieces) of 9 frames" in page


def test_the_page_has_the_table_first(tmp_path):
    draws = draws_of(np.full(3, "f"), np.arange(3).astype(str), seed=0)
    numbers = {name: np.ones(3) for name in ("curvature", "straightness", "roughness")}
    shots = ShotTable(
        rows=(course_row("latents", numbers, draws),),
        baselines=(course_row("pixels", numbers, draws),),
        names=("a", "b", "c"),
        frames=np.array([4, 9, 9]),
        numbers={},
    )
    contents = RunContents(tmp_path, {})
    made = record(shifts=shift_table(), plane=plane(), shot_table=shots)
    contents.records = [("d", made)]
    names = []

    def figure(picture):
        names.append(picture.words.name)
        return Html(picture.words.name)

    page = topic.blocks(contents, figure)
    assert names == ["motion-deviation", "motion-flow", "motion-shifts", "motion-courses"]
    assert "midpoint deviation" in page[0]
    assert "middle of another shot" in page[0]
    whole = "".join(page)
    for said in (
        "Shifted frames",
        "Longer shots",
        "4 to 9",
        "there are none",
        "Optical flow by dis",
    ):
        assert said in whole
    assert topic.blocks(RunContents(tmp_path, {}), figure) == []
