import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig, DataWarning, describe, load_images, split_rows
from latentscape.errors import DataError, SizesError, SplitError, UsageError

COLOURS = ((30, 40, 200), (200, 60, 30), (60, 200, 60), (220, 220, 60), (120, 20, 160))
LENGTHS = (12, 9, 10, 11, 13)


def scene(colour, n, size=(48, 80)):
    frames = np.empty((n, *size, 3), np.uint8)
    frames[:] = colour
    for k in range(n):
        frames[k, 10:30, 5 + 2 * k : 25 + 2 * k] = 255 - np.array(colour)
    return frames


def film_of(path, frames, fps=12):
    """Write frames (RGB) as Motion JPEG, which keeps every frame by itself."""
    height, width = frames.shape[1:3]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    for frame in frames:
        writer.write(frame[:, :, ::-1])
    writer.release()
    return path


def frames_in(folder, frames, name="frame{}.png"):
    folder.mkdir(parents=True, exist_ok=True)
    for k, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / name.format(k + 1))


def load(path, **wishes):
    return load_images(DataConfig(f"video:{path}", **wishes))


@pytest.fixture(scope="module")
def frames():
    return np.concatenate([scene(c, n) for c, n in zip(COLOURS, LENGTHS, strict=True)])


@pytest.fixture(scope="module")
def film(tmp_path_factory, frames):
    return film_of(tmp_path_factory.mktemp("films") / "five.avi", frames)


def test_a_film_is_cut_into_shots_and_triplets(film, frames):
    images = load(film)
    assert images.images.shape == (55, 3, 48, 80)
    assert np.abs(images.images.transpose(0, 2, 3, 1).astype(int) - frames).mean() < 4
    assert images.name == "five"
    assert np.unique(images.groups, return_counts=True)[1].tolist() == list(LENGTHS)
    assert images.sample_ids[[0, 54]].tolist() == ["five/000000", "five/000054"]
    motion = images.motion
    assert len(motion) == sum(n - 2 for n in LENGTHS)
    assert motion.step == 1
    assert set(motion.films) == {"five"}
    for row in motion.rows:
        assert np.diff(row).tolist() == [1, 1]
        assert len(set(images.groups[row])) == 1
    np.testing.assert_array_equal(motion.shots, images.groups[motion.rows[:, 1]])
    np.testing.assert_array_equal(motion.names, images.sample_ids[motion.rows[:, 0]])
    assert images.rule["frames a second"] == "12"


def test_step_and_stride(film):
    motion = load(film, frame_step=2, frame_stride=5).motion
    assert np.unique(np.diff(motion.rows)).tolist() == [2]
    assert len(np.unique(motion.rows)) == motion.rows.size  # no frame is shared
    assert len(motion) == sum(len(range(0, n - 4, 5)) for n in LENGTHS)
    with pytest.raises(UsageError, match="step 0"):
        load(film, frame_step=0)


def test_every_split_has_shots_and_no_triplet_is_cut(film):
    images = load(film)
    rows = split_rows(images, DataConfig("x"))
    shots = {split: set(images.groups[chosen]) for split, chosen in rows.items()}
    assert all(shots.values())
    assert sum(map(len, shots.values())) == 5
    taken = [images.take(chosen).motion for chosen in rows.values()]
    assert sum(len(motion) for motion in taken) == len(images.motion)


def test_one_shot_alone_cannot_be_split_and_says_what_to_do(tmp_path):
    film = film_of(tmp_path / "one.avi", scene(COLOURS[0], 12))
    images = load(film)
    with pytest.raises(SplitError, match=r"too few shots .* one has 1$") as error:
        split_rows(images, DataConfig("x"))
    assert error.value.hint == "give a longer film or more films: three shots or more"
    alone = DataConfig("x", val_fraction=0, test_fraction=0)
    assert len(split_rows(images, alone)["train"]) == 12


def test_still_and_held_moments_are_left_out_and_counted(tmp_path):
    moving = scene(COLOURS[0], 8)
    film = film_of(tmp_path / "held.avi", np.concatenate([moving, moving[-1:].repeat(6, axis=0)]))
    images = load(film)
    assert len(images) == 14
    assert len(images.motion) == 6
    assert images.motion.left_out == {"still": 6}
    facts = describe(images)
    assert facts["motion triplets"] == "6 (shots: 1, films: 1, left out as still: 6)"
    assert len(load(film, min_motion=0).motion) == 12


def test_facts_count_shots_that_have_no_triplet(tmp_path):
    frames_in(tmp_path / "one" / "a", scene(COLOURS[0], 1))
    assert (
        describe(load(tmp_path / "one"))["motion triplets"]
        == "0 (shots: 1, of which without a triplet: 1)"
    )
    frames_in(tmp_path / "one" / "b", scene(COLOURS[1], 5))
    told = "3 (shots: 2, of which without a triplet: 1, films: 1)"
    assert describe(load(tmp_path))["motion triplets"] == told


def test_one_black_frame_is_not_called_nearly_binary(tmp_path):
    frames_in(tmp_path, np.zeros((1, 12, 16, 3), np.uint8))
    assert describe(load(tmp_path))["nearly binary"] == "cannot be told: all pixels are the same"
    frames_in(tmp_path, np.zeros((1, 12, 16, 3), np.uint8) + np.uint8(255), "white{}.png")
    assert describe(load(tmp_path))["nearly binary"] == "yes"


def test_size_and_colour_are_obeyed_while_reading(film):
    images = load(film, size=16, resize="squash", colour="L")
    assert images.images.shape == (55, 1, 16, 16)
    assert images.rule["resize"] == "squash"


def test_frames_lie_on_disk_beyond_the_limit(film):
    config = DataConfig(f"video:{film}", size=32)
    mapped = load_images(config, memory_limit=1000)
    assert isinstance(mapped.images, np.memmap)
    inside = load_images(config)
    np.testing.assert_array_equal(mapped.images, inside.images)
    assert mapped.fingerprint == inside.fingerprint


def test_a_limit_keeps_whole_shots_or_the_beginning_of_each(film):
    whole = load(film, limit=40)
    assert set(np.unique(whole.groups, return_counts=True)[1]) <= set(LENGTHS)
    assert len(set(whole.groups)) >= 3
    short = load(film, limit=20)
    assert np.unique(short.groups, return_counts=True)[1].tolist() == [4] * 5
    assert len(short.motion) == 10
    one = load(film, limit=4)
    assert len(set(one.groups)) == 1
    assert len(one.motion) == 2
    assert load(film, limit=2).images.shape[0] == 2


def test_a_folder_of_films(tmp_path, film, frames):
    films = tmp_path / "films"
    films.mkdir()
    film_of(films / "b10.avi", frames[:30])
    film_of(films / "b9.avi", frames[30:])
    (films / "credits.txt").write_text("made here")
    (films / "broken.avi").write_bytes(b"RIFF no film")
    with pytest.warns(DataWarning, match="broken"):
        images = load(films)
    assert len(images) == 55
    assert list(dict.fromkeys(images.motion.films)) == ["b9", "b10"]
    assert [skipped.path for skipped in images.skipped] == ["broken.avi"]
    with pytest.raises(DataError, match="broken"):
        load(films, strict=True)


def test_films_of_several_sizes_need_one(tmp_path):
    film_of(tmp_path / "a.avi", scene(COLOURS[0], 6))
    film_of(tmp_path / "b.avi", scene(COLOURS[1], 6, size=(64, 96)))
    with pytest.raises(SizesError, match="80×48 and 96×64"):
        load(tmp_path)
    assert len(load(tmp_path, size=24)) == 12


def test_numbered_frames_are_searched_for_shots(tmp_path, frames):
    frames_in(tmp_path / "five", frames)  # frame1 ... frame55: no leading zeros
    images = load(tmp_path / "five")
    np.testing.assert_array_equal(images.images.transpose(0, 2, 3, 1), frames)
    assert np.unique(images.groups, return_counts=True)[1].tolist() == list(LENGTHS)
    assert len(images.motion) == sum(n - 2 for n in LENGTHS)


def test_sub_folders_are_shots_and_folders_above_them_films(tmp_path, frames):
    frames_in(tmp_path / "one" / "a", frames[:24])  # two scenes, but its owner calls it a shot
    frames_in(tmp_path / "one" / "b", frames[24:34])
    frames_in(tmp_path / "two" / "a", frames[34:40])
    images = load(tmp_path)
    assert sorted(set(images.groups)) == ["one/a", "one/b", "two/a"]
    assert sorted(set(images.motion.films)) == ["one", "two"]
    assert len(images.motion) == 22 + 8 + 4


def test_a_frame_that_cannot_be_read_is_a_gap(tmp_path):
    frames_in(tmp_path / "gap", scene(COLOURS[0], 12), name="{:03d}.png")
    (tmp_path / "gap" / "006.png").write_bytes(b"no image")
    with pytest.warns(DataWarning, match="006"):
        images = load(tmp_path / "gap")
    assert len(images) == 11
    assert images.motion.left_out == {"uneven": 2}
    numbers = [int(name[:3]) for name in images.sample_ids]
    assert all(np.ptp(np.array(numbers)[row]) == 2 for row in images.motion.rows)
    with pytest.raises(DataError, match="006"):
        load(tmp_path / "gap", strict=True)


def test_gray_frames_stay_gray(tmp_path):
    frames_in(tmp_path / "gray", scene(COLOURS[0], 4)[..., 0])
    assert load(tmp_path / "gray").images.shape == (4, 1, 48, 80)


def test_a_film_cut_short_is_read_as_far_as_it_goes(tmp_path, film):
    content = film.read_bytes()
    short = tmp_path / "short.avi"
    short.write_bytes(content[: len(content) // 2])
    with pytest.warns(DataWarning, match="breaks off after"):
        images = load(short)
    assert 15 < len(images) < 40
    with pytest.raises(DataError, match="breaks off"):
        load(short, strict=True)


def test_what_is_no_film_says_so(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("no film")
    for name in ("empty.mp4", "text.mp4"):
        with pytest.raises(DataError, match="not a film") as error:
            load(tmp_path / name)
        assert "MP4" in error.value.hint
    (tmp_path / "nothing").mkdir()
    for name in ("nothing", "nowhere"):
        with pytest.raises(DataError, match=name) as error:
            load(tmp_path / name)
        assert "folder of numbered frames" in error.value.hint


def test_a_bad_film_is_told_of_once(tmp_path, film):
    """In a process of its own: FFmpeg takes its level with the first film that is opened."""
    (tmp_path / "text.mp4").write_text("no film")
    (tmp_path / "noise.webm").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(range(256)))
    (tmp_path / "short.avi").write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    program = """
import sys, warnings
from latentscape.data import DataConfig, load_images
from latentscape.errors import DataError
warnings.simplefilter("ignore")
for path in sys.argv[1:]:
    try:
        load_images(DataConfig(f"video:{path}"))
    except DataError as error:
        print("refused")
"""
    paths = [str(tmp_path / name) for name in ("text.mp4", "noise.webm", "short.avi")]
    done = subprocess.run(
        [sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True
    )
    assert done.stdout == "refused\nrefused\n"
    assert done.stderr == ""


def test_shots_of_one_frame_have_no_triplet(tmp_path):
    frames_in(tmp_path / "one" / "a", scene(COLOURS[0], 1))
    frames_in(tmp_path / "one" / "b", scene(COLOURS[1], 2))
    images = load(tmp_path)
    assert len(images) == 3
    assert len(images.motion) == 0
    assert images.motion.rows.shape == (0, 3)


def test_a_film_named_without_its_prefix_is_understood(film):
    with pytest.raises(UsageError) as error:
        load_images(DataConfig(str(film)))
    assert error.value.hint == f"did you mean video:{film}?"


@pytest.mark.realdata
def test_the_animation_clip(data_root):
    images = load(data_root / "animation" / "big_buck_bunny_0_30.webm", size=32)
    assert len(images) == 720
    starts = np.flatnonzero(images.groups[1:] != images.groups[:-1]) + 1
    assert starts.tolist() == [283, 376, 551]  # looked at: meadow, stream, bird, burrow
    rows = split_rows(images, DataConfig("x"))
    assert all(len(set(images.groups[chosen])) >= 1 for chosen in rows.values())
