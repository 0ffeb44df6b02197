import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig, load_images
from latentscape.errors import DataError, StoreError
from latentscape.models import open_model
from latentscape.store import Store, TripletLatents, read_triplet
from latentscape.store.triplets import read_card
from latentscape.workflows.triplet_latents import encode_triplets

FOLDERS = [f"train/t{k}" for k in range(4)] + ["test/t4", "test/t5"]


@pytest.fixture
def triplets(tmp_path):
    rng = np.random.default_rng(0)
    for place in FOLDERS:
        (tmp_path / "film" / place).mkdir(parents=True)
        for frame in rng.integers(0, 255, (3, 8, 8, 3)).astype(np.uint8):
            number = len(list((tmp_path / "film" / place).iterdir())) + 1
            Image.fromarray(frame).save(tmp_path / "film" / place / f"frame{number}.png")
    return DataConfig(f"triplets:{tmp_path / 'film'}", size=8, val_fraction=0)


@pytest.fixture
def run(make_run, triplets):
    return make_run("m", latent=4, posterior="gaussian", data=triplets)


def test_files_are_the_store_to_the_bit(run, triplets, tmp_path):
    record = encode_triplets(run, npy=tmp_path / "npy", batch_size=4)
    assert (record.n, record.n_triplets) == (18, 6)
    store, images = Store.open(record.folder), load_images(triplets)
    model = open_model(run)
    latents = TripletLatents(
        tmp_path / "npy",
        model_sha256=model.sha256,
        latent_shape=store.latent_shape,
        data_fingerprint=images.fingerprint,
    )
    expected = store.rows(images.motion.rows.reshape(-1)).reshape(6, 3, 4)
    assert latents.read(images.motion.names).tobytes() == expected.tobytes()
    card = read_card(tmp_path / "npy")
    assert (card.n, card.data_fingerprint) == (6, images.fingerprint)


def test_into_the_images_own_folder(run, triplets, tmp_path):
    before = load_images(triplets).fingerprint
    encode_triplets(run, npy=tmp_path / "film")
    for place in FOLDERS:
        assert (tmp_path / "film" / place / "latent3.npy").exists()
    assert load_images(triplets).fingerprint == before


def test_one_split_alone(run, tmp_path):
    record = encode_triplets(run, npy=tmp_path / "npy", split="test")
    assert record.n_triplets == 2
    assert not (tmp_path / "npy" / "train").exists()
    store = Store.open(record.folder)
    found = read_triplet(tmp_path / "npy" / "test" / "t5")
    rows = [name.startswith("test/t5") for name in store.samples.sample_ids]
    assert found.tobytes() == store.rows(np.flatnonzero(rows)).tobytes()


def test_images_that_do_not_move_are_refused(make_run, tmp_path):
    with pytest.raises(DataError, match="no motion triplets"):
        encode_triplets(make_run("still", latent=2), npy=tmp_path / "npy")


def test_another_models_folder_is_left_alone(run, make_run, triplets, tmp_path):
    encode_triplets(run, npy=tmp_path / "npy")
    other = make_run("other", latent=5, data=triplets)
    before = (tmp_path / "npy" / "test" / "t4" / "latent1.npy").read_bytes()
    with pytest.raises(StoreError, match="another model"):
        encode_triplets(other, npy=tmp_path / "npy")
    assert (tmp_path / "npy" / "test" / "t4" / "latent1.npy").read_bytes() == before


@pytest.mark.realdata
@pytest.mark.slow
def test_taef2_on_the_animation_triplets_comes_back_to_the_bit(data_root, tmp_path):
    pair = (data_root / "weights" / f"taef2_{half}.onnx" for half in ("encoder", "decoder"))
    model = "onnx:{},{}".format(*pair)
    data = DataConfig(f"triplets:{data_root / 'animation' / 'triplets'}", size=64)
    record = encode_triplets(model, data, npy=tmp_path / "npy", out=tmp_path / "store")
    assert record.n_triplets == 91
    images, store = load_images(data), Store.open(tmp_path / "store")
    latents = TripletLatents(
        tmp_path / "npy",
        model_sha256=store.manifest.model_sha256,
        latent_shape=(32, 8, 8),
        data_fingerprint=images.fingerprint,
    ).read(images.motion.names)
    assert latents.tobytes() == store.rows(images.motion.rows.reshape(-1)).tobytes()
    encode_triplets(model, data, npy=tmp_path / "again")  # without a place for the store
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == [
        "latents.json", "test", "train", "val",
    ]  # fmt: skip
