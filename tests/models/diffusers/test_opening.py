"""What `diffusers:` is given: folders, pipelines, ids of the hub, options; and what is none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from latentscape.errors import ModelError, UsageError
from latentscape.models import open_model
from latentscape.models.diffusers.words import read_words
from latentscape.models.saved import file_sha256
from latentscape.shapes import ImageShape

PROGRAM = Path(sys.executable).with_name("latentscape")
WEIGHTS = "diffusion_pytorch_model"


@pytest.fixture
def folder(tiny, tmp_path):
    """A folder of one's own with a tiny AutoencoderKL."""
    return shutil.copytree(tiny("AutoencoderKL")[0], tmp_path / "small-kl")


@pytest.fixture
def opened(folder):
    return open_model(f"diffusers:{folder}", "fp32")


def test_a_model_says_where_it_comes_from(folder, opened):
    assert (opened.name, opened.recipe, opened.seed) == ("small-kl", "AutoencoderKL", 0)
    assert (opened.data, opened.folder, opened.settings) == (None, None, "")
    assert opened.sha256 == file_sha256(folder / f"{WEIGHTS}.safetensors")
    conventions = opened.autoencoder.conventions
    assert conventions.pixel_range == (-1.0, 1.0)
    assert (conventions.latent_scale, conventions.latent_shift) == (0.18215, 0.1)


def test_scale_and_shift_may_be_one_a_channel(tiny):
    conventions = open_model(f"diffusers:{tiny('AutoencoderKLWan')[0]}").autoencoder.conventions
    assert conventions.latent_shift == (0.1, 0.2, 0.3, 0.4)
    assert conventions.latent_scale == pytest.approx((0.5, 0.4, 0.25, 0.2))


def test_latents_of_vqmodel_are_those_before_quantisation(tiny):
    """Decoding takes each cell to its nearest code: near latents give the same image."""
    folder, reference = tiny("VQModel")
    model = open_model(f"diffusers:{folder}", "fp32").autoencoder
    with torch.no_grad():
        codes = reference.quantize.embedding.weight[:4].T[None, :, None]  # (1, 3, 1, 4)
        latents = codes.expand(1, 3, 4, 4).clone()
        near = latents + 1e-4 * torch.randn(latents.shape)
        assert torch.equal(model.decode(near), model.decode(latents))


def test_of_a_pipeline_the_autoencoder_is_taken(folder, tmp_path):
    """A pipeline's folder has model_index.json, and its parts in folders."""
    pipeline = tmp_path / "pipe"
    shutil.copytree(folder, pipeline / "vae")
    (pipeline / "model_index.json").write_text('{"vae": ["diffusers", "AutoencoderKL"]}')
    assert open_model(f"diffusers:{pipeline}").name == "pipe"
    assert open_model(f"diffusers:{pipeline / 'vae'}").name == "pipe-vae"
    (pipeline / "vae").rename(pipeline / "first")
    with pytest.raises(ModelError, match="no folder vae"):
        open_model(f"diffusers:{pipeline}")
    assert open_model(f"diffusers:{pipeline},subfolder=first").recipe == "AutoencoderKL"
    with pytest.raises(ModelError, match="second has no config"):
        open_model(f"diffusers:{pipeline},subfolder=second")


def test_safetensors_come_before_pickles(folder, opened):
    torch.save({"never": "read"}, folder / f"{WEIGHTS}.bin")
    assert open_model(f"diffusers:{folder}").sha256 == opened.sha256


def test_a_pickle_of_tensors_gives_the_same_model(folder, opened, tiny):
    torch.save(tiny("AutoencoderKL")[1].state_dict(), folder / f"{WEIGHTS}.bin")
    (folder / f"{WEIGHTS}.safetensors").unlink()
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        mean = open_model(f"diffusers:{folder}", "fp32").autoencoder.encode(images).mean
        assert torch.equal(mean, opened.autoencoder.encode(images).mean)


class _Sprung:
    def __reduce__(self):
        return (os.mkdir, ("sprung",))


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"encoder.conv_in.weight": _Sprung()}, folder / f"{WEIGHTS}.bin")
    (folder / f"{WEIGHTS}.safetensors").unlink()
    with pytest.raises(ModelError, match="a pickle of more than tensors") as no:
        open_model(f"diffusers:{folder}")
    assert no.value.hint
    assert not (tmp_path / "sprung").exists()


def test_weights_in_several_files_and_of_a_variant(folder, opened, tiny):
    model = tiny("AutoencoderKL")[1]
    model.save_pretrained(folder / "shards", max_shard_size="20KB")
    assert len(list((folder / "shards").glob("*.safetensors"))) > 1
    sharded = open_model(f"diffusers:{folder / 'shards'}", "fp32")
    model.save_pretrained(folder / "half", variant="fp16")
    model.save_pretrained(folder / "both", variant="fp16", max_shard_size="20KB")
    assert len(list((folder / "both").glob("*.safetensors"))) > 1
    others = [open_model(f"diffusers:{folder / name}", "fp32") for name in ("half", "both")]
    assert others[1].sha256 == sharded.sha256
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        for other in (sharded, *others):
            mean = other.autoencoder.encode(images).mean
            assert torch.equal(mean, opened.autoencoder.encode(images).mean)
    assert sharded.sha256 != opened.sha256
    next((folder / "shards").glob("*-00001-*.safetensors")).unlink()
    with pytest.raises(ModelError, match="shards lacks"):
        open_model(f"diffusers:{folder / 'shards'}")


def damages():
    def config(**words):
        def change(folder):
            path = folder / "config.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | words))

        return change

    def write(name, content):
        return lambda folder: (folder / name).write_bytes(content)

    weights = f"{WEIGHTS}.safetensors"
    return {
        "another class": (config(_class_name="UNet2D"), "no autoencoder of images.*UNet"),
        "no class": (write("config.json", b'{"architectures": ["Bert"]}'), "names a Bert"),
        "nothing": (write("config.json", b"[]"), "names no class of diffusers"),
        "no json": (write("config.json", b"{"), "config.json is damaged"),
        "no config": (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        "no weights": (lambda folder: (folder / weights).unlink(), "but no weights"),
        "cut weights": (write(weights, b"\0" * 20), "cannot be read as AutoencoderKL"),
        "others' weights": (config(latent_channels=5), "cannot be read as|not those of"),
        "more layers": (config(layers_per_block=2), "not those of its config.json"),
        "words": (config(block_out_channels="many"), "cannot be read as AutoencoderKL"),
    }  # fmt: skip


@pytest.mark.parametrize("case", damages())
def test_folders_that_are_no_model(folder, case):
    damage, match = damages()[case]
    damage(folder)
    with pytest.raises(ModelError, match=match) as no:
        open_model(f"diffusers:{folder}")
    assert no.value.hint


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("", "names no model"), ("no such folder", "no id of the hub"),
        ("a/b/c", "no id of the hub"), ("a/b,tilling=3", "no option 'tilling=3'"),
        ("a/b,tiling=x", "no side of a tile"), ("a/b,slicing=2", "half an option"),
        ("a/b,revision", "half an option"),
    ],
)  # fmt: skip
def test_words_that_do_not_say_it(words, match):
    with pytest.raises(UsageError, match=match) as no:
        read_words(words)
    assert no.value.hint


def test_a_file_is_no_folder(folder):
    with pytest.raises(UsageError, match="is a file"):
        open_model(f"diffusers:{folder / 'config.json'}")


def test_a_comma_in_a_path(folder, tmp_path):
    folder.rename(tmp_path / "a,b")
    words = read_words(f"{tmp_path}/a,b,tiling=64,slicing")
    assert (words.folder, words.tiling, words.slicing) == (tmp_path / "a,b", 64, True)
    assert open_model(f"diffusers:{tmp_path}/a,b,slicing").name == "a,b"


def test_tiles_are_recorded_and_small_ones_change_little(folder, opened):
    """An image of one tile comes out as without; a larger one nearly, and is told apart."""
    tiled = open_model(f"diffusers:{folder},tiling=32", "fp32")
    assert (tiled.settings, tiled.sha256) == ("tiling=32", opened.sha256)
    with torch.no_grad():
        for side, tolerance in ((32, 0), (80, 0.6)):  # tiles are normalised each by itself
            images = torch.nn.functional.interpolate(
                torch.rand(1, 3, 4, 4), size=side, mode="bicubic"
            ).clamp(0, 1)
            shape = ImageShape(3, side, side)
            answers = []
            for model in (opened, tiled):
                fitted = model.for_images(shape).autoencoder
                mean = fitted.encode(images).mean
                answers.append((mean, fitted.decode(mean)))
            (mean, back), (tiled_mean, tiled_back) = answers
            assert tiled_mean.shape == mean.shape
            assert (tiled_mean - mean).abs().mean() <= tolerance * mean.std()
            assert (tiled_back - back).abs().mean() <= tolerance
            assert torch.equal(tiled_mean, mean) == (side == 32)


def test_tiles_that_do_not_fit_are_refused(folder, tiny):
    with pytest.raises(UsageError, match="multiples of 8") as no:
        open_model(f"diffusers:{folder},tiling=30")
    assert no.value.hint == "tiling=32 would do"
    for kind in ("VQModel", "AutoencoderTiny"):
        with pytest.raises(UsageError, match=f"{kind} of this shape has no tiling"):
            open_model(f"diffusers:{tiny(kind)[0]},tiling")


@pytest.fixture
def offline(tmp_path):
    """Opens a model in a process that reaches no network and whose cache is empty."""

    def run(*words: str):
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub")}
        return subprocess.run(
            [PROGRAM, "info", *words],
            capture_output=True, text=True, env=environment,
        )  # fmt: skip

    return run


def test_a_missing_model_offline_says_how_to_get_it(offline):
    done = offline("diffusers:stabilityai/sd-vae-ft-mse")
    assert done.returncode == 1
    assert "error: stabilityai/sd-vae-ft-mse is not on this machine" in done.stderr
    assert "hf download stabilityai/sd-vae-ft-mse --local-dir" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Lays folders out as the hub's cache has them, and cuts the network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def lay(name, folder, subfolder=""):
        top = tmp_path / "hub" / f"models--{name.replace('/', '--')}"
        shutil.copytree(folder, top / "snapshots" / "abc" / subfolder)
        (top / "refs").mkdir()
        (top / "refs" / "main").write_text("abc")

    return lay


def test_a_model_of_the_hub_is_taken_from_its_cache(cache, folder, opened):
    cache("some/pipeline", folder, "vae")
    found = open_model("diffusers:some/pipeline")
    assert (found.name, found.recipe) == ("pipeline", "AutoencoderKL")
    assert found.sha256 == opened.sha256
    with pytest.raises(ModelError, match="some/pipeline is not on this machine"):
        open_model("diffusers:some/pipeline,revision=older")


def test_shards_of_a_model_of_the_hub(cache, folder, tiny):
    tiny("AutoencoderKL")[1].save_pretrained(folder / "shards", max_shard_size="20KB")
    cache("some/shards", folder / "shards")
    assert open_model("diffusers:some/shards").name == "shards"


def test_a_model_of_the_hub_that_is_no_autoencoder(cache, folder):
    (folder / "config.json").write_text('{"architectures": ["BertModel"]}')
    cache("some/text", folder)
    with pytest.raises(ModelError, match=r"some/text is no autoencoder of images: .* a BertModel"):
        open_model("diffusers:some/text")


@pytest.mark.parametrize(
    ("error", "match"),
    [
        ("EntryNotFoundError", "some/thing has no config"),
        ("RepositoryNotFoundError", "the hub has no model some/thing"),
        ("RevisionNotFoundError", "has no revision"),
        ("GatedRepoError", "accept its terms"),
        ("HfHubHTTPError", "the hub cannot be reached"),
        ("OfflineModeIsEnabled", "the hub cannot be reached"),
    ],
)
def test_what_the_hub_may_answer(monkeypatch, error, match):
    import huggingface_hub
    from huggingface_hub import errors

    def answer(*_, **__):
        kind = getattr(errors, error)
        raise kind.__new__(kind)  # how they are made differs from one version to another

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", answer)
    with pytest.raises(ModelError, match=match) as no:
        open_model("diffusers:some/thing")
    assert no.value.hint
