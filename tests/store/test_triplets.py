import json

import numpy as np
import pytest

from latentscape.errors import ShapeError, StoreError
from latentscape.store import (
    LatentsCard,
    TripletLatents,
    read_triplet,
    write_triplet,
    write_triplets,
)

SHA = "a" * 64


def card(n=3, sha=SHA, **more):
    return LatentsCard(model="m", model_sha256=sha, latent_shape=(2, 3, 3), n=n, **more)


def some(n=3, seed=0):
    latents = np.random.default_rng(seed).normal(size=(n, 3, 2, 3, 3)).astype(np.float32)
    latents[0, 0, 0, 0] = [-0.0, 1e-42, np.finfo(np.float32).max]  # a cast would not keep them
    return [(f"film_{k}/t", triplet) for k, triplet in enumerate(latents)]


def opened(folder, **wishes):
    return TripletLatents(folder, **({"model_sha256": SHA, "latent_shape": (2, 3, 3)} | wishes))


@pytest.fixture
def folder(tmp_path):
    write_triplets(tmp_path / "npy", card(), iter(some()))
    return tmp_path / "npy"


def test_a_folder_of_triplets_comes_back_to_the_bit(folder):
    names = [name for name, _ in some()]
    found = opened(folder).read(names[::-1])
    assert found.dtype == np.float32
    assert found.tobytes() == np.stack([t for _, t in some()][::-1]).tobytes()
    assert json.loads((folder / "latents.json").read_text())["values"].startswith("unscaled")
    plain = np.load(folder / "film_1" / "t" / "latent2.npy")  # as any other program reads it
    assert plain.tobytes() == some()[1][1][1].tobytes()
    assert opened(folder).read([]).shape == (0, 3, 2, 3, 3)


def test_another_models_latents_are_neither_read_nor_overwritten(folder):
    with pytest.raises(StoreError, match="another model") as error:
        opened(folder, model_sha256="b" * 64)
    assert "another folder" in error.value.hint
    with pytest.raises(StoreError, match="another model"):
        write_triplets(folder, card(sha="b" * 64), iter(some()))
    write_triplets(folder, card(), iter(some(seed=1)))
    assert opened(folder).read(["film_2/t"]).tobytes() == some(seed=1)[2][1].tobytes()


def test_the_card_is_written_last(tmp_path):
    def breaks_off():
        yield some()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_triplets(tmp_path, card(), breaks_off())
    assert not (tmp_path / "latents.json").exists()
    assert read_triplet(tmp_path / "film_0" / "t").shape == (3, 2, 3, 3)
    with pytest.raises(StoreError, match="not all written"):
        opened(tmp_path)
    with pytest.raises(StoreError, match="another model"):
        write_triplets(tmp_path, card(sha="b" * 64), iter(some()))
    write_triplets(tmp_path, card(), iter(some()))  # its own model may go on
    assert opened(tmp_path).read(["film_1/t"]).tobytes() == some()[1][1].tobytes()
    assert not list(tmp_path.glob("*unfinished*"))


def test_latents_of_unknown_origin_are_not_overwritten(folder):
    (folder / "latents.json").unlink()  # as any other program leaves them
    before = {path: path.read_bytes() for path in folder.rglob("*.npy")}
    with pytest.raises(StoreError, match=r"film_.*no latents\.json") as error:
        write_triplets(folder, card(), iter(some(seed=1)))
    assert "another folder" in error.value.hint
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    for path in before:
        path.unlink()
    write_triplets(folder, card(), iter(some(seed=1)))
    assert opened(folder).read(["film_2/t"]).tobytes() == some(seed=1)[2][1].tobytes()


def test_latents_without_a_card_are_taken_with_a_warning(folder):
    (folder / "latents.json").unlink()
    with pytest.warns(UserWarning, match=r"no latents\.json"):
        latents = opened(folder)
    assert latents.doubt == (
        "the folder npy has no latents.json: its latents are taken for unscaled means of this model"
        " and of these images, which nothing says they are"
    )
    assert latents.read(["film_0/t"]).tobytes() == some()[0][1].tobytes()


def test_latents_of_other_images_are_refused(tmp_path):
    write_triplets(tmp_path, card(data="film", data_fingerprint="1" * 64), iter(some()))
    assert opened(tmp_path, data_fingerprint="1" * 64).doubt == ""
    with pytest.raises(StoreError, match="of other images") as error:
        opened(tmp_path, data_fingerprint="2" * 64)
    for word in ("--npy", "--size", "--resize"):
        assert word in error.value.hint


def test_a_card_that_names_no_images_is_doubted(folder):
    assert opened(folder).doubt == ""
    with pytest.warns(UserWarning, match="of which images"):
        assert "npy" in opened(folder, data_fingerprint="2" * 64).doubt


def test_another_shape_is_refused(folder):
    with pytest.raises(StoreError, match="on these images") as error:
        opened(folder, latent_shape=(2, 4, 4))
    assert "size" in error.value.hint
    write_triplet(folder / "film_1" / "t", np.zeros((3, 2, 4, 4), np.float32))
    with pytest.raises(StoreError, match="film_1"):
        opened(folder).read(["film_0/t", "film_1/t"])
    with pytest.raises(ShapeError, match="film_0"):
        write_triplets(folder, card(), [("film_0/t", np.zeros((3, 5), np.float32))])


def test_what_is_missing_damaged_or_no_number_is_named(folder):
    with pytest.raises(StoreError, match=r"film_9.*latent1"):
        opened(folder).read(["film_9/t"])
    (folder / "film_0" / "t" / "latent3.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(StoreError, match="film_0"):
        opened(folder).read(["film_0/t"])
    broken = some()[1][1].copy()
    broken[1, 1, 1, 1] = np.nan
    write_triplet(folder / "film_1" / "t", broken)
    with pytest.raises(StoreError, match=r"film_1.*not finite"):
        opened(folder).read(["film_1/t"])
    np.save(folder / "film_2" / "t" / "latent1.npy", np.zeros((2, 3, 3), np.int64))
    np.save(folder / "film_2" / "t" / "latent2.npy", np.zeros((2, 3, 3), np.int64))
    np.save(folder / "film_2" / "t" / "latent3.npy", np.zeros((2, 3, 3), np.int64))
    with pytest.raises(StoreError, match="int64"):
        opened(folder).read(["film_2/t"])
    (folder / "latents.json").write_text("{")
    with pytest.raises(StoreError, match=r"latents\.json"):
        opened(folder)
    with pytest.raises(StoreError, match="no folder"):
        opened(folder / "nowhere")


def test_an_empty_file_is_damaged(folder):
    (folder / "film_0" / "t" / "latent2.npy").write_bytes(b"")
    with pytest.raises(StoreError, match="damaged"):
        opened(folder).read(["film_0/t"])


def test_half_and_double_precision_are_read_as_float32(folder):
    for kind in (np.float16, np.float64):
        exact = np.arange(54).reshape(3, 2, 3, 3).astype(kind) / 8
        for k in range(3):
            np.save(folder / "film_0" / "t" / f"latent{k + 1}.npy", exact[k])
        found = opened(folder).read(["film_0/t"])
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found[0], exact)


def test_what_a_killed_writer_left_is_taken_away(tmp_path):
    (tmp_path / "b").mkdir()
    left = [tmp_path / "b" / ".latent1.npy.15031.tmp", tmp_path / ".latents.json.15031.tmp"]
    others = [tmp_path / "b" / ".frame1.png.1.tmp", tmp_path / "b" / "frame1.png"]
    for path in (*left, *others):
        path.write_bytes(b"half")
    latents = [(name, values) for name, (_, values) in zip("abc", some(), strict=True)]
    write_triplets(tmp_path, card(), latents)
    assert [path.exists() for path in (*left, *others)] == [False, False, True, True]
