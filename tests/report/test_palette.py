"""The palette holds what it promises: readable on both papers, apart for every kind of sight."""

import itertools

import numpy as np
import pytest

from latentscape.report.palette import (
    CLASS_COLOURS,
    DARK,
    LIGHT,
    class_styles,
    contrast,
    css_variables,
    diverging,
    linear_rgb,
    luminance,
    sequential,
)

# Machado, Oliveira and Fernandes 2009, severity 1.0, in linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip


def oklab(linear: np.ndarray) -> np.ndarray:
    """Ottosson 2020."""
    cones = np.array(
        [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]
    ) @ linear.clip(0, 1)  # fmt: skip
    return np.array(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]
    ) @ np.cbrt(cones)  # fmt: skip


@pytest.mark.parametrize("sight", SIGHT)
def test_class_colours_stay_apart_for_every_sight(sight):
    seen = [oklab(SIGHT[sight] @ linear_rgb(colour)) for colour in CLASS_COLOURS]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest > 0.08  # a just noticeable difference is about 0.02


@pytest.mark.parametrize("suit", [LIGHT, DARK], ids=["light", "dark"])
def test_words_can_be_read_on_both_papers(suit):
    for ink, paper in itertools.product(("ink", "muted", "model", "second"), ("paper", "card")):
        assert contrast(suit[ink], suit[paper]) >= 4.5, (ink, paper)


def test_class_colours_show_on_both_papers():
    for colour in CLASS_COLOURS:
        assert contrast(colour, LIGHT["card"]) >= 1.9
        assert contrast(colour, DARK["card"]) >= 2.3


def test_contrast_has_its_known_ends():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


def test_sixty_classes_have_sixty_styles():
    assert len(set(class_styles(60))) == 60
    assert len(class_styles(200)) == 200


def test_maps_run_from_dark_to_light_and_meet_in_the_middle():
    from matplotlib.colors import to_hex

    steps = [luminance(to_hex(sequential()(t))) for t in np.linspace(0, 1, 20)]
    assert all(a < b for a, b in itertools.pairwise(steps))
    sides = [luminance(to_hex(diverging()(t))) for t in (0, 0.25, 0.5, 0.75, 1)]
    assert sides[0] < sides[1] < sides[2] > sides[3] > sides[4]


def test_light_and_dark_name_the_same_colours():
    assert LIGHT.keys() == DARK.keys()
    assert len(set(LIGHT.values())) == len(LIGHT), "a drawing tells inks apart by their colour"
    assert "prefers-color-scheme: dark" in css_variables()
