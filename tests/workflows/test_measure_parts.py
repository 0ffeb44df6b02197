"""Reconstruction measured by split, film and group, with what an eye would tell."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from latentscape.data import DataConfig, load_images
from latentscape.errors import ModelError, UsageError
from latentscape.metrics import ssim
from latentscape.metrics.line_art import chamfer
from latentscape.nn.lpips import lpips
from latentscape.records import ReconstructionRecord, load_record, rows_of
from latentscape.shapes import ImageShape
from latentscape.workflows.compare import compare
from latentscape.workflows.measure import seen as room
from latentscape.workflows.measure.parts import Parts, grouping_of_images
from latentscape.workflows.measure.reconstruction import (
    ReconstructionConfig,
    measure_reconstruction,
)
from latentscape.workflows.measure.seen import names_of, seen_by

RGB = ImageShape(3, 64, 64)


@pytest.fixture
def triplets(tmp_path) -> str:
    """Two films of 10 triplets to train on, 9 and 1 to test on: a dark disc moves over a slope."""
    rng = np.random.default_rng(0)
    down, along = np.mgrid[:36, :36] / 36
    for split, films in (("train", {"Japan": 6, "Disney": 6}), ("test", {"Japan": 9, "Disney": 1})):
        for film, n in films.items():
            for k in range(n):
                place = tmp_path / "shots" / split / f"{film}_{k}"
                place.mkdir(parents=True)
                x, y = rng.uniform(0.3, 0.6, 2)
                for i in (1, 2, 3):
                    disc = (along - x - 0.05 * i) ** 2 + (down - y) ** 2 < 0.03
                    light = np.where(disc, 0.1, 0.4 + 0.4 * along)
                    light = light if split == "train" else 1 - light  # another shot
                    image = np.stack([light, light * (0.5 if film == "Japan" else 1), light], 2)
                    Image.fromarray((255 * image).astype(np.uint8)).save(place / f"frame{i}.png")
    return f"triplets:{tmp_path / 'shots'}"


@pytest.fixture
def run(make_run, triplets):
    return make_run("film", latent=4, data=DataConfig(triplets))


def test_all_has_a_row_for_each_split_that_is_the_splits_own(run):
    whole = measure_reconstruction(run, split="all", config=ReconstructionConfig(measures="plain"))
    test = measure_reconstruction(run, split="test", config=ReconstructionConfig(measures="plain"))
    assert [row.name for row in whole.by_split] == ["train", "val", "test"]
    assert whole.by_split[-1]["mse"].value == pytest.approx(test.model_row["mse"].value, rel=1e-5)
    assert whole.by_split[-1]["mse"].n == 30
    n_scenes = len(set(np.array(whole.groups)[np.array(whole.splits) == "test"]))
    assert f"over {n_scenes} scenes of 30 images" in whole.by_split[-1]["mse"].interval
    held = {(row.name, row.beside) for row in whole.split_baselines}
    assert ("PCA", "test") in held
    assert "hold it against the test split" in whole.baselines[1].note
    assert not test.by_split
    assert not test.splits
    assert "hold it" not in test.baselines[1].note


def test_triplets_of_one_scene_are_drawn_together(triplets):
    """What the pictures say, and not the folders: a scene of several triplets counts once."""
    images = load_images(DataConfig(triplets))
    rows = np.arange(len(images))
    found = grouping_of_images(images, rows)
    assert (found.noun, found.samples) == ("scene", "images")
    assert found.n < len(images.motion)
    np.testing.assert_array_equal(found.of[images.motion.rows[:, 1]], images.motion.scenes)
    fewer = replace(images, motion=images.motion.take(np.arange(2)))
    part = grouping_of_images(fewer, rows[6:])
    np.testing.assert_array_equal(part.of, images.groups[6:])
    assert grouping_of_images(replace(images, motion=None, groups=None), rows) is None
    assert grouping_of_images(replace(images, motion=None), rows).noun == "group"


def test_films_have_rows_with_intervals_over_their_scenes(run):
    record = measure_reconstruction(run, split="all")
    assert record.grouped_by == "film"
    rows = {row.name: row for row in record.by_group}
    assert set(rows) == {"Japan", "Disney"}
    errors = record.per_image["mse"]
    for film, row in rows.items():
        inside = np.array(record.films) == film
        assert row["mse"].value == pytest.approx(errors[inside].mean())
    assert "scenes of 45 images" in rows["Japan"]["mse"].interval
    made = rows["Disney"]["mse"].interval
    assert "the 21 images of these" in made
    assert "says nothing of other scenes" in made
    assert rows["Disney"].note.startswith("21 images of ")
    assert [row["mse"].value for row in record.by_group] == sorted(
        (row["mse"].value for row in record.by_group), reverse=True
    )
    names = {row.name for row, _ in rows_of(record)}
    assert "test" in names
    assert "Japan" not in names


def test_what_numbers_rest_on_is_stated_and_a_few_of_each_part_are_kept(run):
    record = measure_reconstruction(run, split="all")
    assert record.stated["posterior"] == "mean"
    assert record.stated["size"] == "36×36×3"
    assert {"clamped", "rounded", "resize"} <= set(record.stated)
    place = {name: i for i, name in enumerate(record.sample_ids)}
    shown = [place[name] for name in record.part_ids]
    assert {record.splits[i] for i in shown} == {"train", "val", "test"}
    assert {record.films[i] for i in shown} == {"Japan", "Disney"}
    images = load_images(DataConfig(**_data(run)))
    np.testing.assert_array_equal(record.part_originals, images.images[shown])
    sampled = measure_reconstruction(run, config=ReconstructionConfig(posterior="sample"))
    assert sampled.stated["posterior"] == "sample"
    assert load_record(record.saved_at) is not None
    assert isinstance(ReconstructionRecord.load(record.saved_at), ReconstructionRecord)


def _data(run) -> dict:
    from latentscape.records import read_run

    data = read_run(run)["data"]
    return {"source": data["source"]}


def test_the_table_of_single_images_is_a_line_an_image(run):
    record = measure_reconstruction(run, split="all")
    with record.saved_at.with_suffix(".csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["sample_id"] for line in lines] == list(record.sample_ids)
    assert [line["film"] for line in lines] == list(record.films)
    assert {line["split"] for line in lines} == {"train", "val", "test"}
    for name, values in record.per_image.items():
        np.testing.assert_allclose([float(line[name]) for line in lines], values, rtol=1e-8)


def test_records_written_before_there_were_parts_are_still_read(run):
    import json

    path = measure_reconstruction(run).saved_at
    content = json.loads(path.read_text())
    for name in ("stated", "splits", "films", "by_split", "split_baselines", "grouped_by",
                 "by_group", "part_originals", "part_reconstructions", "part_ids"):  # fmt: skip
        del content[name]
    path.write_text(json.dumps(content))
    assert load_record(path).by_split == ()


def test_chamfer_is_that_of_the_images(run):
    config = ReconstructionConfig(measures="chamfer", posterior="mean")
    record = measure_reconstruction(run, config=config)
    assert "lpips" not in record.per_image
    pair = (a.astype(np.float32) / 255 for a in (record.originals, record.reconstructions))
    place = {name: i for i, name in enumerate(record.sample_ids)}
    rows = [place[name] for name in record.shown_ids]
    np.testing.assert_allclose(record.per_image["chamfer"][rows], chamfer(*pair), rtol=0.2)
    assert all("chamfer" in {m.name for m in row.measures} for row in record.baselines)


def test_small_or_gray_images_are_not_looked_at_unless_asked(vae, run):
    assert not {"lpips", "chamfer"} & set(measure_reconstruction(vae).per_image)
    assert not {"lpips", "chamfer"} & set(measure_reconstruction(run).per_image)
    with pytest.raises(UsageError, match="32 pixels"):
        measure_reconstruction(vae, config=ReconstructionConfig(measures="chamfer"))


@pytest.mark.parametrize("wrong", ["lpip", "", "plain,chamfer", "all,lpips"])
def test_measures_that_there_are_not_are_refused(wrong):
    with pytest.raises(UsageError, match="no measure"):
        names_of(wrong)


def test_words_for_measures():
    assert names_of("auto") == names_of("all") == names_of("lpips,chamfer")
    assert names_of("plain") == ()
    assert names_of("lpips") == ("lpips",)


def test_absent_weights_leave_lpips_out_and_say_so(monkeypatch, tmp_path):
    for name in ("LATENTSCAPE_DATA", "LATENTSCAPE_CACHE"):
        monkeypatch.setenv(name, str(tmp_path))
    looked = seen_by("auto", RGB, n=5, seed=0)
    (missing,) = looked.missing
    assert missing.name == "lpips"
    assert "--measures lpips" in missing.why
    assert looked.lines
    monkeypatch.setattr(
        room.SQUEEZENET_WEIGHTS.__class__, "fetch", lambda self: (_ for _ in ()).throw(
            ModelError("no network", "wait")
        ),
    )  # fmt: skip
    with pytest.raises(ModelError, match="no network"):
        seen_by("lpips", RGB, n=5, seed=0)


@pytest.mark.realdata
def test_both_ranges_of_lpips_are_what_they_say(data_root):
    """[0, 1] fed for [-1, 1] is the distance of images of half the contrast about .75."""
    rng = np.random.default_rng(0)
    x, y = (torch.from_numpy(rng.random((5, 3, 64, 64), np.float32)) for _ in range(2))
    looked = seen_by("auto", RGB, n=5, seed=0)
    found = looked.model(np.arange(5), x, y)
    net = lpips("squeeze")
    np.testing.assert_allclose(found["lpips"], net.distance(x, y).detach(), rtol=1e-5)
    half = net.distance(0.5 + x / 2, 0.5 + y / 2).detach()
    np.testing.assert_allclose(found["lpips01"], half, rtol=1e-5)
    assert found["lpips01"].mean() < found["lpips"].mean()
    again = [looked.baseline(np.arange(5), x.numpy(), z.numpy()) for z in (y, x)]
    np.testing.assert_allclose(again[0]["lpips"], found["lpips"], rtol=1e-5)
    assert (again[1]["lpips"] == 0).all()
    assert "lpips01" not in again[0]


@pytest.mark.realdata
def test_of_many_images_a_seeded_choice_is_looked_at(data_root, monkeypatch):
    monkeypatch.setattr(room, "MOST", 3)
    x = torch.rand(4, 3, 64, 64)
    looked = seen_by("auto", RGB, n=8, seed=1)
    found = [looked.model(np.arange(4) + start, x, 1 - x)["lpips"] for start in (0, 4)]
    assert np.isfinite(np.concatenate(found)).sum() == 3
    assert (looked.chosen == seen_by("auto", RGB, n=8, seed=1).chosen).all()
    assert seen_by("lpips", RGB, n=8, seed=1).chosen.all()


def test_a_comparison_takes_what_both_runs_have(make_run, triplets):
    """Rows of splits and further measures line up; groups are left to the models' own pages."""
    runs = [make_run(f"run{n}", latent=n, data=DataConfig(triplets)) for n in (2, 4)]
    for run, measures in zip(runs, ("chamfer", "chamfer"), strict=True):
        config = ReconstructionConfig(measures=measures)
        measure_reconstruction(run, split="all", config=config)
    record = compare(runs)
    (table,) = record.tables
    lines = {(line.row, line.name): line for line in table.lines}
    assert set(lines["", "chamfer"].measures) == {"run2", "run4"}
    assert set(lines["test", "chamfer"].measures) == {"run2", "run4"}
    assert "PCA" in {held.words.split(",")[0] for held in lines["test", "mse"].baselines}
    assert not any(row == "Japan" for row, _ in lines)
    assert "chamfer" in {told.name for told in table.differences}
    measure_reconstruction(runs[1], split="all", config=ReconstructionConfig(measures="plain"))
    (table,) = compare(runs).tables
    lines = {(line.row, line.name): line for line in table.lines}
    assert set(lines["", "chamfer"].measures) == {"run2"}
    assert set(lines["", "mse"].measures) == {"run2", "run4"}


def test_groups_beyond_the_most_are_those_of_largest_error():
    groups = np.repeat(np.arange(100).astype(str), 2)
    parts = Parts(None, None, groups)
    errors = np.random.default_rng(0).random(200)
    names, n = parts.worst_groups(errors)
    assert n == 100
    kept = set(names.tolist()) - {""}
    mean = {g: errors[groups == g].mean() for g in np.unique(groups)}
    assert kept == set(sorted(mean, key=mean.get)[-60:])
    assert Parts(None, None, np.array(["one"] * 4)).grouped_by == ""
    assert Parts(None, np.array(["", "a", "a"]), np.array(["x", "y", "z"])).grouped_by == "group"


def test_conventions_differ_on_the_same_images():
    """The trap of published tables: a range of 2 flatters, and so does averaging decibels."""
    x = torch.rand(2, 3, 64, 64)
    y = (x + 0.1 * torch.randn(x.shape)).clamp(0, 1)
    assert (ssim(x, y, convention="ssim_atd") > ssim(x, y, convention="ssim_seed")).all()
