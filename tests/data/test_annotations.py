import json

import numpy as np
import pytest

from latentscape.data import DataConfig, DataWarning
from latentscape.data.annotations import film_of, number_of, read_annotations, regions_of, scaled
from latentscape.data.resize import resize_array
from latentscape.shapes import ImageShape


@pytest.mark.parametrize(
    ("place", "film", "number"),
    [
        ("Disney_v4_13_000123_s1", "Disney_v4_13", 123),
        ("Japan_v2_1_134817_s1", "Japan_v2_1", 134817),
        ("bbb_open_0564", "bbb_open", 564),
        ("clip/t7", "t", 7),
        ("clip/0007", "clip", 7),
        ("0007", "root", 7),
        ("clip/alone", "clip", -1),
        ("alone", "alone", -1),
    ],
)
def test_names_tell_film_and_number(place, film, number):
    assert film_of(place, root="root") == film
    assert number_of(place) == number


def test_regions():
    assert regions_of(["Disney_v4_13", "Japan_v2_1", "bbb_open"]).tolist() == ["west", "east", ""]


@pytest.mark.parametrize("rule", ["squash", "crop", "pad"])
@pytest.mark.parametrize("sides", [(40, 60), (60, 40)])
def test_a_box_follows_what_it_marks(rule, sides):
    """A white box is resized as the images are; what is white then is the box that is told."""
    height, width = sides
    box = np.array([22, 14, 12, 16])
    image = np.zeros((1, 1, height, width), np.uint8)
    image[0, 0, 14:30, 22:34] = 255
    out = np.empty((1, 1, 96, 96), np.uint8)
    resize_array(image, out, rule=rule)
    rows, columns = np.nonzero(out[0, 0] >= 128)
    seen = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
    config = DataConfig("x", size=96, resize=rule)
    told = scaled(box * 3.0, (3 * width, 3 * height), shape=ImageShape(1, 96, 96), config=config)
    np.testing.assert_allclose(told, seen, atol=1)


def test_a_box_beyond_the_crop_is_cut_off_or_unknown():
    config, shape = DataConfig("x", size=10), ImageShape(3, 10, 10)
    cut = scaled(np.array([40.0, 0, 40, 50]), (200, 100), shape=shape, config=config)
    np.testing.assert_allclose(cut, [0, 0, 3, 5])
    gone = scaled(np.array([0.0, 0, 40, 50]), (200, 100), shape=shape, config=config)
    assert np.isnan(gone).all()


def test_missing_and_damaged_annotations(tmp_path):
    def note(name, content):
        (tmp_path / "x_annotations" / name).mkdir(parents=True)
        (tmp_path / "x_annotations" / name / f"{name}.json").write_text(content)

    config, shape = DataConfig("x"), ImageShape(3, 10, 20)
    assert read_annotations(tmp_path, ["a"], shape=shape, config=config) == {}
    box = {"x": 0, "y": 0, "width": 4, "height": 4}
    note("good", json.dumps({"motion_RoI": box, "level": 0, "image_size": [40, 20]}))
    note("bad", "{")
    note("odd", json.dumps({"motion_RoI": box, "level": 7, "image_size": [40, 20]}))
    with pytest.warns(DataWarning, match="2 annotations .*bad, odd"):
        found = read_annotations(
            tmp_path, ["bad", "good", "odd", "none"], shape=shape, config=config
        )
    assert found["level"].tolist() == [-1, 0, -1, -1]
    np.testing.assert_array_equal(found["roi"][1], [0, 0, 2, 2])
    assert np.isnan(found["roi"][[0, 2, 3]]).all()
