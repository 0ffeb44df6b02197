"""Export: what other programs read is what the model says."""

import csv
import json
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import latentscape
from latentscape.errors import ModelError, UsageError
from latentscape.models import open_model
from latentscape.records import ExportRecord, load_record
from latentscape.store import Store

MINE = """
import numpy as np
import torch
from torch import nn

class Mine(nn.Module):
    pixel_range = (-1, 1)
    image_shape = (1, 8, 8)
    latent_scale = 0.5

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.there, self.back = nn.Linear(64, 4), nn.Linear(2, 64)

    def encode(self, images):
        return self.there(images.flatten(1)).chunk(2, 1)

    def decode(self, latents):
        return torch.tanh(self.back(latents)).reshape(-1, 1, 8, 8)

class Elsewhere(Mine):
    def decode(self, latents):
        made = np.tanh(latents.detach().numpy() @ self.back.weight.detach().numpy().T)
        return torch.from_numpy(made).reshape(-1, 1, 8, 8)
"""


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    return f"python:{tmp_path / 'mine.py'}:"


def answers(path, given: torch.Tensor) -> list[np.ndarray]:
    """What the file says to it, run by its makers' own program."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: given.numpy()})


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize(
    "kind", [{}, {"posterior": "point", "latent": 5}, {"network": "conv", "latent": 4}]
)
def test_onnx_answers_as_torch_does(make_run, tmp_path, kind, n):
    """For any number of rows; pixels in [0, 1]; the latent as `encode` has it."""
    run = make_run("run", **kind)
    record = latentscape.export(run, "onnx", out=tmp_path / "out")
    model = open_model(run, "fp32").autoencoder
    images = torch.rand(n, *model.image_shape, generator=torch.Generator().manual_seed(n))
    with torch.inference_mode():
        posterior = model.encode(images)
        wanted = [posterior.mean, posterior.log_var][: 1 if model.posterior == "point" else 2]
        decoded = model.decode(posterior.mean)
    for answer, want in zip(answers(tmp_path / "out/encoder.onnx", images), wanted, strict=True):
        np.testing.assert_allclose(answer, want.numpy(), atol=1e-5)
    (made,) = answers(tmp_path / "out/decoder.onnx", posterior.mean)
    np.testing.assert_allclose(made, decoded.numpy(), atol=1e-5)
    assert made.min() >= 0
    assert made.max() <= 1
    assert record.facts["largest_difference"] <= 1e-5
    assert [p.name for p in (tmp_path / "out").iterdir() if p.name[0] == "."] == []


def test_onnx_says_what_its_reader_must_know(vae, tmp_path):
    """And is opened again by this program as the same model."""
    latentscape.export(vae, "onnx", out=tmp_path / "out")
    for name in ("encoder", "decoder"):
        written = onnx.load(tmp_path / f"out/{name}.onnx")
        onnx.checker.check_model(written, full_check=True)
        about = {prop.key: prop.value for prop in written.metadata_props}
        assert about["model_sha256"] == open_model(vae).sha256
        assert (about["latent_shape"], about["latent_scale"]) == ("2", "1.0")
        assert "[0, 1]" in about["pixels"]
        assert [(o.domain, o.version) for o in written.opset_import] == [("", 17)]
    again = open_model(f"onnx:{tmp_path}/out/encoder.onnx,{tmp_path}/out/decoder.onnx", "fp32")
    assert again.autoencoder.posterior == "gaussian"


def test_a_model_in_another_range_speaks_in_ours(mine, tmp_path):
    latentscape.export(f"{mine}Mine", "onnx", out=tmp_path / "out")
    model = open_model(f"{mine}Mine", "fp32").autoencoder
    images = torch.rand(5, 1, 8, 8)
    with torch.inference_mode():
        wanted = model.encode(images)
    mean, log_var = answers(tmp_path / "out/encoder.onnx", images)
    np.testing.assert_allclose(mean, wanted.mean.numpy(), atol=1e-5)
    np.testing.assert_allclose(log_var, wanted.log_var.numpy(), atol=1e-5)
    about = {p.key: p.value for p in onnx.load(tmp_path / "out/encoder.onnx").metadata_props}
    assert (about["latent_scale"], about["pixels"][-7:]) == ("0.5", "[-1, 1]")


def test_models_of_any_size_stay_so(patches, tmp_path):
    """A code for each patch of 4×4: files take a picture of another size than they were made by."""
    model = patches("size_step, channels = 4, 1")
    record = latentscape.export(model, "onnx", out=tmp_path / "out")
    assert record.facts["sides"] == "any that fit its steps"
    opened = open_model(model, "fp32").autoencoder
    images = torch.rand(3, 1, 12, 20)
    with torch.inference_mode():
        want = opened.encode(images).mean
    (mean,) = answers(tmp_path / "out/encoder.onnx", images)
    np.testing.assert_allclose(mean, want.numpy(), atol=1e-5)


def test_what_cannot_be_written_is_refused_and_leaves_nothing(mine, tmp_path, vae):
    """NumPy within a network would be written down as a constant: the files are read again."""
    with pytest.raises(ModelError, match="does not depend on what goes in"):
        latentscape.export(f"{mine}Elsewhere", "onnx", out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    latentscape.export(vae, "onnx", out=tmp_path / "pair")
    pair = f"onnx:{tmp_path}/pair/encoder.onnx,{tmp_path}/pair/decoder.onnx"
    with pytest.raises(UsageError, match="already"):
        latentscape.export(pair, "onnx", out=tmp_path / "again")
    with pytest.raises(UsageError, match="no place"):
        latentscape.export(f"{mine}Mine", "onnx")


def test_npy_is_the_store_in_one_piece(vae):
    """Rows in the store's order, with identity and class of each beside."""
    latentscape.encode(vae)
    store = Store.open(vae / "stores/digits-test")
    record = latentscape.export(vae, "npy")
    means = np.load(vae / "exports/digits-test.npy")
    np.testing.assert_array_equal(means, store.mean())
    log_vars = np.load(vae / "exports/digits-test-log_var.npy")
    np.testing.assert_array_equal(log_vars, store.log_var_rows(range(len(store))))
    with (vae / "exports/digits-test-samples.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["sample_id"] for row in rows] == store.samples.sample_ids.tolist()
    assert [int(row["label"]) for row in rows] == store.samples.labels.tolist()
    assert rows[0]["class"] == store.manifest.class_names[int(rows[0]["label"])]
    assert len(record.files) == 3
    assert record.bytes == sum((vae / "exports" / name).stat().st_size for name in record.files)


def test_npy_of_a_choice_is_seeded_and_keeps_the_order(vae, tmp_path):
    latentscape.encode(vae)
    folder = vae / "stores/digits-test"
    for name in ("a", "b"):
        latentscape.export(folder, "npy", out=tmp_path / name, limit=20, seed=3)
    a, b = (np.load(tmp_path / name / "digits-test.npy") for name in "ab")
    np.testing.assert_array_equal(a, b)
    with (tmp_path / "a/digits-test-samples.csv").open(encoding="utf-8") as file:
        rows = [int(row["row"]) for row in csv.DictReader(file)]
    assert rows == sorted(rows)
    np.testing.assert_array_equal(a, Store.open(folder).rows(rows))


def test_wrong_words(vae, tmp_path):
    for words, match in (
        ({"format": "htlm"}, "no format"),
        ({"format": "onnx", "limit": 3}, "no samples"),
        ({"format": "npy", "limit": 0}, "none"),
        ({"format": "npy"}, "no stored latents"),
    ):
        with pytest.raises(UsageError, match=match):
            latentscape.export(vae, **words)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        latentscape.export(vae, "onnx", out=tmp_path / "file")


def test_the_record_comes_back(vae, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = latentscape.export(vae, "onnx", out=tmp_path / "out")
    record.save(tmp_path / "record")
    again = load_record(tmp_path / "record")
    assert isinstance(again, ExportRecord)
    assert json.loads(again.to_json()) == json.loads(record.to_json())
