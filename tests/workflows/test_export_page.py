"""The exported page: what it holds is what the run says, and it can reach nothing else."""

import base64
import gzip
import hashlib
import io
import re

import numpy as np
import onnxruntime
import pytest
from PIL import Image

import latentscape
from latentscape.errors import UsageError
from latentscape.models import open_model
from latentscape.records.packet import unpack
from latentscape.store import Store
from latentscape.workflows.export import onnx_pair, page
from latentscape.workflows.export.choice import chosen_rows
from latentscape.workflows.export.sheets import sheets_of

PARTS = {
    "static.js": b"document.title = '</script><i>';",
    "static.css": b"p { color: red }",
    "decoder.js": b"onmessage = null",
    "decoder.wasm.gz": gzip.compress(b"wasm"),
    "static-notices.txt": b"preact <MIT> & others",
}


@pytest.fixture
def built(monkeypatch):
    """Tests are the same whether the page was built or not."""
    monkeypatch.setattr(page, "built_page", lambda: PARTS)


@pytest.fixture
def mapped(vae, built):
    """A VAE with latents and a map."""
    latentscape.encode(vae)
    latentscape.project(vae / "stores/digits-test", method="latent")
    return vae


def block(text: str, name: str) -> bytes:
    found = re.search(f'id="latentscape-{name}">([A-Za-z0-9+/=]*)</script>', text)
    assert found, f"the document has no {name}"
    return gzip.decompress(base64.b64decode(found[1]))


def exported(run, tmp_path, **words) -> tuple[str, dict, dict[str, np.ndarray]]:
    latentscape.export(run, "html", out=tmp_path / "x.html", **words)
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    body, arrays = unpack(block(text, "contents"))
    assert body is not None
    return text, body, arrays


def test_the_page_holds_the_runs_own_samples(mapped, tmp_path):
    """Each by its identity: latent, class, place on the map, numbers and picture."""
    _, body, arrays = exported(mapped, tmp_path, limit=40)
    store = Store.open(mapped / "stores/digits-test")
    ids = body["samples"]["ids"]
    rows = [store.samples.sample_ids.tolist().index(name) for name in ids]
    assert len(rows) == 40
    np.testing.assert_array_equal(arrays["latents"], store.rows(rows))
    np.testing.assert_array_equal(arrays["labels"], store.samples.labels[rows])
    (card,) = body["exhibition"]["exhibits"]
    assert (card["key"], card["n"], card["latent_shape"]) == ("0", 40, [2])
    (map_card,) = card["maps"]
    assert (map_card["lifting"], map_card["n"]) == ("exact", 40)
    name = map_card["name"]
    np.testing.assert_array_equal(arrays[f"rows-{name}"], np.arange(40))
    np.testing.assert_array_equal(arrays[f"positions-{name}"], store.rows(rows))
    assert {column["name"] for column in card["columns"]} == {
        key.removeprefix("column-") for key in arrays if key.startswith("column-")
    }
    assert any("40 of" in told for told in card["warnings"])


def test_the_page_tells_no_folders_of_this_machine(mapped, tmp_path):
    (mapped / "measures").mkdir(exist_ok=True)
    (mapped / "measures" / "broken.json").write_text("{")
    text, body, _ = exported(mapped, tmp_path, limit=10)
    assert any("broken.json" in told for told in body["exhibition"]["exhibits"][0]["warnings"])
    assert str(mapped.parent) not in text + str(body)


def test_the_decoder_in_it_is_the_runs_own(mapped, tmp_path):
    text, body, _ = exported(mapped, tmp_path, limit=10)
    session = onnxruntime.InferenceSession(block(text, "decoder"))
    model = open_model(mapped, "fp32").autoencoder
    latents = np.random.default_rng(0).standard_normal((3, 2)).astype(np.float32)
    (made,) = session.run(None, {"latents": latents})
    import torch

    with torch.inference_mode():
        want = model.decode(torch.from_numpy(latents)).numpy()
    np.testing.assert_allclose(made, want, atol=1e-5)
    assert tuple(body["decoded"]) == tuple(model.image_shape)


def test_a_decoder_that_does_not_answer_as_the_model_stays_out(mapped, tmp_path, monkeypatch):
    def dimmed(self, latents):
        return 0.9 * self.autoencoder.decode(latents)

    monkeypatch.setattr(onnx_pair.Decoder, "forward", dimmed)
    text, body, _ = exported(mapped, tmp_path, limit=10)
    ability = body["exhibition"]["exhibits"][0]["abilities"]["decode"]
    assert not ability["possible"]
    assert "do not answer as the model" in ability["why"]
    assert body["decoded"] is None
    assert "latentscape-decoder" not in text


def test_what_a_file_cannot_do_says_why(mapped, tmp_path):
    _, body, _ = exported(mapped, tmp_path, limit=10)
    abilities = body["exhibition"]["exhibits"][0]["abilities"]
    assert all(abilities[name]["possible"] for name in ("images", "decode", "travel", "dials"))
    for name in ("encode", "motion"):
        assert not abilities[name]["possible"]
        assert "this file" in abilities[name]["why"]
        assert abilities[name]["hint"]
    ways = [way["name"] for way in body["exhibition"]["exhibits"][0]["ways"]]
    assert ways == ["linear", "spherical-centred", "spherical", "eased"]


def test_a_run_without_a_model_still_has_its_map(mapped, tmp_path):
    (mapped / "model.safetensors").write_bytes(b"broken")
    text, body, _ = exported(mapped, tmp_path, limit=10)
    abilities = body["exhibition"]["exhibits"][0]["abilities"]
    assert not abilities["decode"]["possible"]
    assert abilities["decode"]["why"]
    assert body["decoded"] is None
    assert "latentscape-runtime" not in text
    assert body["exhibition"]["exhibits"][0]["ways"] == []


def test_the_document_forbids_itself_the_network(mapped, tmp_path):
    """Only the one script and the one style run, told by their hashes; nothing can be fetched."""
    text, _, _ = exported(mapped, tmp_path, limit=10)
    policy = re.search('Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert (rules["default-src"], rules["connect-src"]) == ("'none'", "'none'")
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    for found, rule in ((script, "script-src"), (style, "style-src")):
        digest = base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in rules[rule]
        assert "unsafe-inline" not in rules[rule]
    assert not re.search(r"""(src|href)=["'](?!data:)""", text)


def test_hostile_names_stay_text(mapped, tmp_path):
    run = mapped.rename(mapped.with_name("<b>&run"))
    text, body, _ = exported(run, tmp_path, limit=10)
    assert body["exhibition"]["exhibits"][0]["name"] == "<b>&run"
    assert "<title>&lt;b&gt;&amp;run · latentscape</title>" in text
    assert "<b>" not in text
    assert "&lt;MIT&gt;" in text
    assert text.count("</script>") == len(re.findall("<script", text))


def test_the_same_words_give_the_same_file(mapped, tmp_path):
    first, _, _ = exported(mapped, tmp_path, limit=30, seed=1)
    again, _, _ = exported(mapped, tmp_path, limit=30, seed=1)
    other, _, _ = exported(mapped, tmp_path, limit=30, seed=2)
    assert first == again
    assert first != other


def test_an_installation_without_the_page_says_so(mapped, tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(page, "BUILT", ("nothing.js",))
    with pytest.raises(UsageError, match="not built"):
        latentscape.export(mapped, "html", out=tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


def test_a_folder_of_runs_is_not_one_page(mapped, make_run, tmp_path):
    other = make_run("other")
    latentscape.encode(other)
    with pytest.raises(UsageError, match="2 runs"):
        latentscape.export(mapped.parent, "html", out=tmp_path / "out.html")


class TestChoice:
    def test_each_class_has_its_share(self):
        labels = np.repeat([0, 1, 2, -1], [600, 300, 90, 10])
        rows = chosen_rows(labels, 100, seed=0)
        counts = {label: int((labels[rows] == label).sum()) for label in (0, 1, 2, -1)}
        assert counts == {0: 60, 1: 30, 2: 9, -1: 1}
        assert (np.diff(rows) > 0).all()

    @pytest.mark.parametrize("limit", [1, 3, 7, 50, 99, 100, 1000])
    def test_as_many_as_asked_and_no_class_is_lost(self, limit):
        rng = np.random.default_rng(limit)
        labels = rng.choice(6, 100, p=[0.5, 0.3, 0.1, 0.06, 0.03, 0.01])
        rows = chosen_rows(labels, limit, seed=0)
        assert len(rows) == min(limit, 100)
        if limit >= 6:
            assert set(labels[rows]) == set(labels)

    def test_only_among_those_that_may_be_chosen(self):
        among = np.arange(5, 50, 2)
        rows = chosen_rows(np.zeros(100, int), 10, seed=0, among=among)
        assert set(rows) <= set(among)
        assert len(set(rows)) == 10


class TestSheets:
    @pytest.mark.parametrize("shape", [(1, 8, 8, 1), (70, 9, 12, 3), (33, 32, 5, 1)])
    def test_small_images_come_back_exactly(self, shape):
        images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        sheets = sheets_of(images)
        whole = np.asarray(Image.open(io.BytesIO(sheets.pictures[0])).convert("RGB"))
        n, height, width, channels = shape
        for i in range(n):
            row, column = divmod(i, sheets.columns)
            tile = whole[row * height :, column * width :][:height, :width, :channels]
            np.testing.assert_array_equal(tile, images[i])

    def test_many_large_images_lie_on_several(self):
        images = np.zeros((5000, 64, 64, 3), np.uint8)
        sheets = sheets_of(images)
        assert (sheets.columns, sheets.tiles) == (64, 64 * 64)
        assert len(sheets.pictures) == 2
        for picture in sheets.pictures:
            assert max(Image.open(io.BytesIO(picture)).size) <= 4096
