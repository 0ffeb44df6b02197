"""Pictures and tables of latents on a grid."""

import re

import numpy as np
import pytest

from latentscape.metrics.spatial import spatial_statistics
from latentscape.records import Provenance
from latentscape.report.canvas import style
from latentscape.report.figures.spatial import channels_shown, spatial_pictures
from latentscape.report.markup import Html
from latentscape.report.topics import spatial as topic

PROVENANCE = Provenance(
    model="m", recipe="vae", data="d", split="test", n=50, seed=0, latent_shape=(4, 6, 5)
)


@pytest.fixture(autouse=True)
def in_style():
    with style():
        yield


def latents(shape: tuple[int, int, int] = (4, 6, 5)) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(50, *shape)).astype(np.float32)


def drawn(means: np.ndarray, *, prior_matched: bool = True) -> dict[str, str]:
    found = spatial_statistics(means)
    pictures = spatial_pictures(found, PROVENANCE, prior_matched=prior_matched)
    return {
        p.words.name: " | ".join(re.findall(r"<text[^>]*>([^<]*)</text>", p.svg)) + p.words.read
        for p in pictures
    }


def test_four_pictures_of_latents_on_a_grid():
    found = drawn(latents())
    assert list(found) == [
        "spatial-histograms", "spatial-maps", "spatial-autocorrelation", "spatial-correlation",
    ]  # fmt: skip
    assert "channel 4" in found["spatial-histograms"]
    assert "shuffled" in found["spatial-autocorrelation"]
    assert "1.00" in found["spatial-correlation"]


def test_only_latents_drawn_to_the_prior_are_held_against_it():
    assert "N(0, 1), the prior" in drawn(latents())["spatial-histograms"]
    assert (
        "a Gaussian of the channel" in drawn(latents(), prior_matched=False)["spatial-histograms"]
    )


def test_of_many_channels_those_with_most_spread_are_shown():
    means = latents((20, 4, 4)) * np.linspace(1, 2, 20, dtype=np.float32)[:, None, None]
    means[:, 19] = 3
    found = spatial_statistics(means)
    assert channels_shown(found) == list(range(3, 19))
    assert (
        "the 16 channels of 20 with the most spread, 1 are constant"
        in (drawn(means)["spatial-histograms"])
    )


def test_what_there_is_not_is_not_drawn():
    assert not drawn(np.ones((30, 2, 3, 3), np.float32))
    assert list(drawn(latents((1, 1, 1)))) == ["spatial-histograms", "spatial-maps"]
    assert "spatial-autocorrelation" in drawn(latents((2, 1, 6)))


def test_the_topic_holds_pictures_and_numbers():
    means = latents()
    means[:, 2] = 1
    names = []

    def figure(picture):
        names.append(picture.words.name)
        return Html(picture.inline)

    blocks = topic.blocks(
        spatial_statistics(means), PROVENANCE, about="d, test", prior_matched=True, figure=figure
    )
    page = "".join(blocks)
    assert len(names) == 4
    assert "Channels: d, test" in page
    assert "not defined" in page
    assert "each image&#x27;s places shuffled" in page or "each image's places shuffled" in page
