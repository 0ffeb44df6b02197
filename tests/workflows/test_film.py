import numpy as np
import pytest
from PIL import Image

from latentscape.errors import UsageError
from latentscape.workflows.film import write_film


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (3, 33), (3, 200)])
def test_a_film_goes_there_and_back(tmp_path, channels, side):
    import cv2

    frames = np.zeros((3, 5, channels, side, side), np.uint8)
    frames += np.linspace(0, 250, 5).astype(np.uint8)[:, None, None, None]
    gif, mp4 = write_film(frames, ["a", "b", "c"], tmp_path / "way", kinds=("gif", "mp4"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["way.gif", "way.mp4"]
    with Image.open(gif) as film:
        assert film.n_frames == 8
        size = film.size
    film = cv2.VideoCapture(str(mp4))
    seen = []
    while (read := film.read())[0]:
        seen.append(read[1])
    assert len(seen) == 8
    assert seen[0].shape[:2] == (size[1] + size[1] % 2, size[0] + size[0] % 2)
    middle = [int(image[-size[1] // 4, 20].mean()) for image in seen]
    assert np.all(np.diff(middle[:5]) > 20)
    assert np.all(np.diff(middle[4:]) < -20)


def test_titles_are_written_in_letters_that_the_font_has(tmp_path):
    frames = np.zeros((1, 2, 1, 64, 64), np.uint8)
    paths = [
        write_film(frames, [name], tmp_path / str(i))[0]
        for i, name in enumerate(["a → b", "a -> b"])
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_an_unknown_kind_is_met_kindly(tmp_path):
    with pytest.raises(UsageError, match="avi"):
        write_film(np.zeros((1, 2, 1, 8, 8), np.uint8), ["a"], tmp_path / "way", kinds=("avi",))


def test_tiles_stand_in_as_many_columns_as_asked_on_black_or_white(tmp_path):
    frames = np.full((6, 3, 1, 64, 64), 128, np.uint8)
    for is_dark, columns in ((False, 5), (True, 6)):
        (path,) = write_film(
            frames, list("abcdef"), tmp_path / "way", columns=columns, is_dark=is_dark
        )
        with Image.open(path) as film:
            assert film.size[0] == columns * 66
            corner = np.asarray(film.convert("L"))[-1, 0]
        assert corner < 60 if is_dark else corner > 200
