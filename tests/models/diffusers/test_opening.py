"""What `diffusers:` is given: folders, pipelines, ids of the hub, options; and what is none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import pixel_unshuffle

from latentscape.errors import ModelError, UsageError
from latentscape.models import open_model
from latentscape.models.diffusers.words import read_words
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


def edit_config(folder, **words):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | words))


def test_a_model_says_where_it_comes_from(folder, opened):
    assert (opened.name, opened.recipe, opened.seed) == ("small-kl", "AutoencoderKL", 0)
    assert (opened.data, opened.folder, opened.settings) == (None, None, "")
    conventions = opened.autoencoder.conventions
    assert conventions.pixel_range == (-1.0, 1.0)
    assert (conventions.latent_scale, conventions.latent_shift) == (0.18215, 0.1)


@pytest.mark.parametrize(
    "words", [{"scaling_factor": 0.5}, {"shift_factor": 0.0}, {"norm_num_groups": 2}]
)
def test_a_model_is_known_by_weights_and_config(folder, opened, words):
    """The same weights under another scale, or in other groups, are another model."""
    edit_config(folder, **words)
    assert open_model(f"diffusers:{folder}", "fp32").sha256 != opened.sha256


def test_a_model_is_known_wherever_it_lies_and_whoever_wrote_it(folder, opened, tmp_path):
    moved = folder.rename(tmp_path / "moved")
    edit_config(moved, _diffusers_version="0.1.0", _name_or_path="elsewhere")
    assert open_model(f"diffusers:{moved}", "bf16").sha256 == opened.sha256
    path = moved / f"{WEIGHTS}.safetensors"
    state = load_file(path)
    save_file(
        {name: value + (name == "encoder.conv_in.bias") for name, value in state.items()}, path
    )
    assert open_model(f"diffusers:{moved}", "fp32").sha256 != opened.sha256


def test_latents_of_flux_are_normalised_by_its_buffers(tiny, tmp_path):
    """Its pipeline folds latents into patches of 2×2, as pixel_unshuffle does, and applies bn."""
    from diffusers import AutoencoderKLFlux2

    folder = shutil.copytree(tiny("AutoencoderKLFlux2")[0], tmp_path / "flux")
    rng = np.random.default_rng(0)
    mean, variance = (torch.from_numpy(rng.uniform(0.5, 2, 16)).float() for _ in range(2))
    path = folder / f"{WEIGHTS}.safetensors"
    save_file(load_file(path) | {"bn.running_mean": mean, "bn.running_var": variance}, path)
    model = open_model(f"diffusers:{folder}", "fp32").autoencoder
    reference = AutoencoderKLFlux2.from_pretrained(folder).eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        latents = model.encode(images).mean
        raw = reference.encode(2 * images - 1).latent_dist.mean
        normalised = reference.bn(pixel_unshuffle(raw, 2))
    torch.testing.assert_close(latents, raw)  # neither scaled nor shifted
    made = model.conventions
    scale, shift = (
        torch.tensor(one)[:, None, None] for one in (made.latent_scale, made.latent_shift)
    )
    torch.testing.assert_close((pixel_unshuffle(latents, 2) - shift) * scale, normalised)


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


def as_once_written(folder):
    """The index of a variant's shards, named as by diffusers before its version 0.32."""
    index = next(folder.glob("*.index.fp16.json"))
    index.rename(index.with_name(index.name.replace("index.fp16", "fp16.index")))


def test_the_index_of_a_variant_as_it_was_once_written(folder, opened, tiny, tmp_path):
    """Also in a folder with a point in its path, where diffusers itself does not find it."""
    tiny("AutoencoderKL")[1].save_pretrained(folder / "new", variant="fp16", max_shard_size="20KB")
    new = open_model(f"diffusers:{folder / 'new'}", "fp32")
    old = (folder / "new").rename(tmp_path / "of.old")
    as_once_written(old)
    found = open_model(f"diffusers:{old}", "fp32")
    assert found.sha256 == new.sha256
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        mean = found.autoencoder.encode(images).mean
        assert torch.equal(mean, opened.autoencoder.encode(images).mean)


def damages():
    def config(**words):
        return lambda folder: edit_config(folder, **words)

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


@pytest.mark.parametrize("spelling", ["plain", "variant", "variant as once written"])
def test_shards_of_a_model_of_the_hub(cache, folder, tiny, spelling):
    variant = None if spelling == "plain" else "fp16"
    shards = folder / "shards"
    tiny("AutoencoderKL")[1].save_pretrained(shards, max_shard_size="20KB", variant=variant)
    if spelling == "variant as once written":
        as_once_written(shards)
    sha256 = open_model(f"diffusers:{shards}").sha256
    cache("some/shards", shards)
    (shards / "config.json").unlink()
    found = open_model("diffusers:some/shards")
    assert (found.name, found.sha256) == ("shards", sha256)


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
