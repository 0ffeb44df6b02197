import gzip
import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA as ReferencePCA

from latentscape.errors import DataError, UsageError
from latentscape.metrics import fit_baselines, score_baselines
from latentscape.metrics.baselines import JPEG, PCA, MeanImage


def digits() -> np.ndarray:
    return (load_digits().images[:, None] / 16).astype(np.float32)


def smooth(n: int, shape: tuple[int, int, int], *, seed: int = 0) -> np.ndarray:
    """uint8 images of eight strong factors and faint noise."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(8, int(np.prod(shape)))) * 2.0 ** -np.arange(8)[:, None]
    images = 128 + 12 * rng.normal(size=(n, 8)) @ factors + rng.normal(size=(n, factors.shape[1]))
    return np.clip(images, 0, 255).astype(np.uint8).reshape(n, *shape)


def test_the_mean_image_is_the_mean_and_does_not_vary():
    train = digits()
    baseline = MeanImage.fit(train)
    assert baseline.image == pytest.approx(train.mean(0), abs=1e-6)
    back = baseline.reconstruct(train[:5])
    assert back.shape == (5, 1, 8, 8)
    assert np.ptp(back, axis=0).max() == 0


@pytest.mark.parametrize(
    ("train", "k"),
    [(digits(), 16), (smooth(300, (3, 24, 24)), 6)],
    ids=["exact covariance", "sketched axes"],
)
def test_pca_spans_what_scikit_learn_finds(train, k):
    rows = train.reshape(len(train), -1).astype(np.float64)
    rows /= 255 if train.dtype == np.uint8 else 1
    reference = ReferencePCA(k, svd_solver="full").fit(rows)
    ours = PCA.fit(train, k)
    assert ours.basis.T @ ours.basis == pytest.approx(np.eye(k), abs=1e-4)
    theirs = np.square(rows - reference.inverse_transform(reference.transform(rows))).mean()
    centred = rows - ours.mean.ravel()
    left = np.square(centred - centred @ ours.basis @ ours.basis.T).mean()
    assert left == pytest.approx(theirs, rel=1e-3)


def test_pca_never_has_more_axes_than_images_less_one():
    baseline = PCA.fit(digits()[:10], 32)
    assert baseline.basis.shape == (64, 9)
    assert "9 numbers of the 32 the latent has" in baseline.note


def test_jpeg_takes_the_quality_nearest_to_the_latents_size():
    train = smooth(60, (3, 48, 48))
    chosen = JPEG.fit(train, 250)
    away = {}
    for quality in range(chosen.quality - 2, chosen.quality + 3):
        sizes = []
        for image in train:
            file = io.BytesIO()
            pixels = np.ascontiguousarray(image.transpose(1, 2, 0))
            Image.fromarray(pixels).save(file, "JPEG", quality=quality, optimize=True)
            sizes.append(file.tell())
        away[quality] = abs(np.mean(sizes) - 1000)
    assert min(away, key=lambda quality: away[quality]) == chosen.quality
    assert "smallest" not in chosen.note


def test_jpeg_says_when_it_cannot_go_so_low():
    chosen = JPEG.fit(digits(), 2)
    assert chosen.quality == 1
    assert "is the smallest JPEG can go" in chosen.note
    assert "latent: 8" in chosen.note


@pytest.mark.parametrize("shape", [(1, 20, 17), (3, 20, 17)])
def test_jpeg_brings_back_the_same_image_the_right_way_round(shape):
    ramp = np.linspace(0, 1, 17, dtype=np.float32)
    images = np.broadcast_to(ramp, (2, *shape)).copy()
    back = JPEG(95, "").reconstruct(images)
    assert back.shape == images.shape
    assert np.abs(back - images).max() < 0.05


def test_rows_stand_in_order_and_more_numbers_lose_less():
    images = digits()
    train, test = images[:1200], images[1200:]
    mean, pca, jpeg = score_baselines(fit_baselines(train, 8), test)
    assert [mean.name, pca.name, jpeg.name] == ["mean image", "PCA", "JPEG"]
    assert pca["mse"].value < mean["mse"].value
    wider = score_baselines((PCA.fit(train, 32),), test)[0]
    assert wider["mse"].value < pca["mse"].value
    assert "8 numbers (32-bit)" in pca.note
    assert mean["reconstruction_spread"].value == pytest.approx(0, abs=1e-6)


def test_other_channels_go_without_jpeg():
    fitted = fit_baselines(smooth(20, (2, 8, 8)), 3)
    assert [baseline.name for baseline in fitted] == ["mean image", "PCA"]
    with pytest.raises(DataError, match="2 channels"):
        JPEG.fit(smooth(20, (2, 8, 8)), 3)


def test_too_little_is_refused():
    with pytest.raises(DataError, match="at least 2"):
        fit_baselines(digits()[:1], 2)
    with pytest.raises(UsageError):
        fit_baselines(digits(), 0)


@pytest.mark.realdata
def test_fashion_mnist_baselines_are_in_their_known_order(data_root):
    with gzip.open(data_root / "fashion-mnist" / "t10k-images-idx3-ubyte.gz") as file:
        raw = file.read()
    images = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 1, 28, 28)
    mean, pca, jpeg = score_baselines(fit_baselines(images[:8000], 16), images[8000:])
    assert mean["mse"].value == pytest.approx(0.087, abs=0.003)
    assert pca["mse"].value == pytest.approx(0.0198, abs=0.001)
    assert "smallest" in jpeg.note


def test_each_part_has_rows_of_its_own_beside_it():
    rng = np.random.default_rng(0)
    images = rng.random((24, 1, 8, 8)).astype(np.float32)
    fitted = fit_baselines(images, 3)
    parts = np.repeat(["test", "train"], 12)
    heard = []

    def more(places, x, y):
        heard.append((len(places), x.shape, y.shape))
        return {"lpips": places.astype(float)}

    rows = score_baselines(fitted, images, parts=parts, more=more, batch_size=10)
    assert [(row.name, row.beside) for row in rows] == [
        *((f.name, "") for f in fitted),
        *((f.name, part) for f in fitted for part in ("test", "train")),
    ]
    whole, test, train = rows[0], rows[3], rows[4]
    assert whole["mse"].value == pytest.approx((test["mse"].value + train["mse"].value) / 2)
    assert (test["lpips"].value, train["lpips"].value) == (5.5, 17.5)
    assert heard[0] == (10, (10, 1, 8, 8), (10, 1, 8, 8))
