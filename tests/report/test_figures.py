"""Figures: what they say, that they never clash, and that they are the same bytes each time."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from latentscape.errors import ShapeError
from latentscape.records import SheetRecord
from latentscape.report import svg
from latentscape.report.canvas import style
from latentscape.report.figures import curves, dots, grids, maps, movement, scatter, strips
from latentscape.report.figures.mosaic import interleave, mosaic, visible
from latentscape.report.picture import small_print


@pytest.fixture
def run(make_run, tmp_path):
    return make_run(tmp_path / "digits-vae-2")


@pytest.fixture(autouse=True)
def in_style():
    with style():
        yield


def texts(drawing: str) -> list[str]:
    root = ElementTree.fromstring(drawing[drawing.index("<svg") :])
    return ["".join(node.itertext()).strip() for node in root.iter() if node.tag.endswith("text")]


def test_mosaic_puts_each_image_in_its_place():
    images = np.arange(6, dtype=np.uint8)[:, None, None, None].repeat(2, 2).repeat(2, 3) * 10
    whole = mosaic(images, rows=2, columns=3, gap=1)
    assert whole.shape == (5, 8, 4)
    assert whole[0, 0, 0] == 0
    assert whole[0, 3, 0] == 10
    assert whole[4, 7, 0] == 50
    assert whole[:, 2, 3].max() == 0, "the gap is clear"


def test_mosaic_of_too_many_images_is_refused():
    with pytest.raises(ShapeError, match="do not fit"):
        mosaic(np.zeros((5, 1, 2, 2), np.uint8), rows=2, columns=2)


def test_mosaic_of_large_images_stays_small():
    whole = mosaic(np.zeros((16, 3, 512, 512), np.uint8), rows=2, columns=8)
    assert max(whole.shape) == 1000


def test_gray_colour_and_many_channels_are_visible():
    image = np.stack([np.full((2, 2), v, np.uint8) for v in (10, 20, 30)])
    assert visible(image)[0, 0].tolist() == [10, 20, 30]
    assert visible(image[:1])[0, 0].tolist() == [10, 10, 10]
    assert visible(image[:2])[0, 0].tolist() == [15, 15, 15]


def test_interleave_turns_row_by_row():
    first, second = np.arange(4)[:, None, None, None], np.arange(10, 14)[:, None, None, None]
    assert interleave(first, second, 2).ravel().tolist() == [0, 1, 10, 11, 2, 3, 12, 13]


def test_every_figure_carries_its_small_print(run):
    record = run.measures()
    pictures = [
        *curves.curves(run.training()),
        *grids.reconstructions(record),
        dots.measures(record),
    ]
    for picture in pictures:
        for word in ("n = ", "seed 0", "digits-vae-2", "vae, latent 2", "data digits", "baseline:"):
            assert word in picture.small_print
        printed = " ".join(t for t in texts(picture.svg))
        assert "baseline:" in printed
        assert picture.words.alt
        assert picture.words.read.endswith(".")


def test_a_resize_is_in_the_small_print(run):
    told = run.measures().provenance.model_copy(update={"resize": "squash"})
    assert "data digits, test, resized by squash" in small_print(told, "none")
    assert "resized" not in small_print(told.model_copy(update={"resize": "none"}), "none")


def test_what_training_drew_is_signed_with_the_images_it_shows(run, reported):
    text = (reported.folder / "report.html").read_text(encoding="utf-8")
    for picture in curves.curves(run.training()):
        assert "n = 150 · " in picture.small_print
        assert "data digits, validation · posterior sample" in picture.small_print
    assert "n = 24 · seed 0" in text, "of the snapshots"
    assert "n = 500 · seed 0" in text, "of the moved points"
    assert text.count("data digits, validation · posterior mean") == 3 + 1


def test_a_run_that_does_not_know_its_number_of_images_prints_none(run):
    record = run.training().model_copy(update={"n_images": {}})
    assert "n = " not in curves.curves(record)[0].small_print


def test_a_column_that_is_no_term_is_not_drawn_as_one(run):
    record = run.training()
    columns = {**record.history.columns, "psnr": (20.0,) * 12}
    record = record.model_copy(
        update={"history": record.history.model_copy(update={"columns": columns})}
    )
    assert not any("PSNR (nat" in said for p in curves.curves(record) for said in texts(p.svg))


def test_every_image_that_is_named_is_shown(run):
    record = run.measures()
    for n, shown in ((3, 3), (8, 8), (13, 8), (16, 16), (30, 24)):
        ids = tuple(str(i) for i in range(n))
        images = np.zeros((n, 1, 8, 8), np.uint8)
        few = record.model_copy(
            update={"originals": images, "reconstructions": images, "shown_ids": ids}
        )
        picture = grids.reconstructions(few)[0]
        assert f"n = {shown} · " in picture.small_print
        assert picture.words.alt.startswith(f"{shown} randomly drawn images")


def test_a_map_prints_its_faithfulness_beside_the_baselines(reported):
    from latentscape.records import MapRecord

    record = MapRecord.load(reported.folder / "maps" / "umap")
    printed = texts(maps.latent_map(record).inline)
    assert "trustworthiness 0.975 ↑   (PCA 0.912, random 0.500)" in printed
    assert {str(i) for i in range(10)} <= set(printed), "classes are named in place"


def test_many_points_are_pixels_and_few_are_shapes(reported, monkeypatch):
    from latentscape.records import MapRecord

    record = MapRecord.load(reported.folder / "maps" / "pca")
    assert "<image" not in maps.latent_map(record).inline
    monkeypatch.setattr(scatter, "RASTER_ABOVE", 100)
    assert "<image" in maps.latent_map(record).inline


def test_names_on_a_map_are_pushed_apart():
    boxes = np.array([[3.0, 1.0]] * 4)
    places = scatter.apart(np.zeros((4, 2)), boxes)
    gaps = np.abs(places[:, None] - places[None]) - boxes[0] * 0.95
    assert ((gaps > 0).any(axis=2) | np.eye(4, dtype=bool)).all()
    alone = np.array([[0.0, 0.0], [10.0, 0.0]])
    assert (scatter.apart(alone, boxes[:2]) == alone).all(), "what is clear stays"


def test_names_are_left_to_the_key_where_classes_lie_on_one_another():
    from matplotlib.figure import Figure

    names, labels = ("triangle", "heart", "moon", "arrow", "drop", "star"), np.arange(1200) % 6
    rng = np.random.default_rng(0)
    for spread, written in ((0.0, 0), (8.0, 6)):
        axes = Figure().add_subplot()
        angle = labels * np.pi / 3
        centres = spread * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        points = centres + rng.normal(size=(1200, 2))
        scatter.scatter(axes, points, labels)
        scatter.name_classes(axes, points, labels, names)
        assert len(axes.texts) == written


def test_no_class_lies_on_top_and_unknown_is_gray(run):
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    scatter.scatter(axes, np.zeros((300, 2)), np.repeat([0, 1, -1], 100))
    (points,) = axes.collections
    colours = points.get_facecolor()[:, :3]
    assert len(np.unique(colours, axis=0)) == 3
    assert (np.abs(np.diff(colours, axis=0)).sum(axis=1) > 0).sum() > 100, "they take turns"


def test_movement_needs_two_moments_and_two_latents(run):
    labels = np.zeros(5, int)
    arguments = {"class_names": (), "epochs": (1, 2, 3)}
    flat, once = np.zeros((3, 5, 1)), np.zeros((1, 5, 2))
    assert movement.movement(flat, labels, run.provenance, **arguments) is None
    assert movement.movement(once, labels, run.provenance, **arguments) is None
    wide = np.random.default_rng(0).normal(size=(3, 5, 7))
    picture = movement.movement(wide, labels, run.provenance, **arguments)
    assert "epoch 3" in texts(picture.inline)


def test_a_manifold_names_its_coordinates(reported):
    record = SheetRecord.load(reported.folder / "samples" / "manifold-prior")
    printed = texts(grids.sheet(record).inline)
    assert {"latent 1", "latent 2", "1.64", "−1.64", "0.00"} <= set(printed)
    plane = record.model_copy(update={"axes": ("principal axis 1", "principal axis 2")})
    printed = texts(grids.sheet(plane).inline)
    assert {"principal axis 1", "principal axis 2"} <= set(printed)
    assert "latent 1" not in printed


def test_rings_and_prior_draws_follow_what_training_did(reported):
    from latentscape.records import MapRecord

    drawn = MapRecord.load(reported.folder / "maps" / "latent")
    sheet = SheetRecord.load(reported.folder / "samples" / "prior")
    assert "Rings" in maps.latent_map(drawn).words.read
    assert "never knew" not in grids.sheet(sheet).words.read
    drawn, sheet = (r.model_copy(update={"prior_matched": False}) for r in (drawn, sheet))
    assert "Rings" not in maps.latent_map(drawn).words.read
    assert "never knew" in grids.sheet(sheet).words.read


def test_a_strip_shows_the_dissolve_beneath(reported):
    from latentscape.records import TrajectoryRecord

    record = TrajectoryRecord.load(reported.folder / "trajectories" / "linear-random")
    tile = strips._pair(record, 0, 0)
    height, width = record.frames.shape[-2:]
    start = visible(record.frames[0, 0])
    assert (tile[height:, width : 2 * width, :3] == start).all(), "the dissolve begins at the start"
    assert "dissolve" in texts(strips.strips(record).inline)


def test_a_strip_through_several_samples_shows_each_where_it_belongs(reported):
    from latentscape.records import TrajectoryRecord

    record = TrajectoryRecord.load(reported.folder / "trajectories" / "linear-random")
    n_steps, (height, width) = record.frames.shape[1], record.frames.shape[-2:]
    middle = n_steps // 2
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 256, (3, *record.frames.shape[2:]), dtype=np.uint8)
    told = {
        "through": ("digits-00003", "digits-00007", "digits-00009"),
        "key_steps": (0, middle, n_steps - 1),
        "key_originals": keys,
        "frames": record.frames[:1],
    }
    record = record.model_copy(update=told)
    tile = strips._pair(record, 0, 0)
    rows = tile.reshape(3, height, n_steps, width, 4).swapaxes(1, 2)
    shown = [255 if step in told["key_steps"] else 0 for step in range(n_steps)]
    assert rows[0, :, 0, 0, 3].tolist() == shown
    assert (rows[0, middle, :, :, :3] == visible(keys[1])).all()
    for step in told["key_steps"]:
        assert (rows[2, step] == rows[1, step]).all(), "decoded keys are mixed"
    picture = strips.strips(record)
    assert "through 3 samples" in picture.words.title
    assert all(name in picture.words.read for name in told["through"])
    assert "samples" in texts(picture.inline)


def test_measures_without_a_shared_baseline_have_no_dot_plot(run):
    record = run.measures().model_copy(update={"baselines": ()})
    assert dots.measures(record) is None


def test_the_same_record_gives_the_same_bytes(run):
    record = run.training()
    first, second = curves.curves(record)[0], curves.curves(record)[0]
    assert first.svg == second.svg
    assert first.png == second.png


def test_a_term_that_is_nowhere_finite_is_not_drawn(run):
    record = run.training()
    columns = {**record.history.columns, "train_odd": (float("nan"),) * 12}
    record = record.model_copy(
        update={"history": record.history.model_copy(update={"columns": columns})}
    )
    assert not any("odd" in t for p in curves.curves(record) for t in texts(p.svg))


def test_one_epoch_is_enough(run):
    assert curves.curves(run.training(epochs=1))


def test_inline_drawings_follow_the_suit_and_keep_their_ids(run):
    picture = curves.curves(run.training())[0]
    ElementTree.fromstring(picture.inline)
    assert "var(--ink)" in picture.inline
    ids = set(re.findall(r' id="([^"]+)"', picture.inline))
    assert ids
    assert all(name.startswith(f"{svg.ID}-") for name in ids)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', picture.inline))
    assert used <= ids
    assert picture.words.title not in texts(picture.inline), "the page sets the title itself"


def test_a_drawing_on_disk_stands_alone(run):
    picture = curves.curves(run.training())[0]
    ElementTree.fromstring(picture.svg)
    assert "var(--" not in picture.svg
    assert "prefers-color-scheme: dark" in picture.svg
    assert "<dc:date>" not in picture.svg
    assert picture.words.title in texts(picture.svg)
