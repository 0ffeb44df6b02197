"""The doctor's pictures and sentences, of healthy, empty and point models."""

import numpy as np
import pytest

from latentscape.records import CollapseRecord, Measure, Provenance, Row
from latentscape.report.canvas import style
from latentscape.report.figures.collapse import ablation, rate_parts, unit_rates
from latentscape.report.topics.collapse import verdicts

PROVENANCE = Provenance(model="m", recipe="vae", data="digits", split="test", n=90, seed=0)


def record(rates=(2.0, 1.0, 0.0), *, parts=(1.0, 1.5, 0.5), n=4, **more) -> CollapseRecord:
    rates = np.asarray(rates, float)
    names = ("information", "total_correlation", "dimension_wise_kl")
    surgery = [Measure(name=k, value=v, unit="nat", n=90) for k, v in zip(names, parts)]  # noqa: B905 - none of a point
    shown = np.full((n, 3, 8, 8), 90, np.uint8)
    told = {"finding": "healthy", "verdict": "fine", "cure": "", "thresholds": "rate < .1"}
    return CollapseRecord(
        provenance=PROVENANCE,
        activity=Row(name="activity", measures=()),
        surgery=Row(name="surgery of the rate", measures=tuple(surgery)),
        decoder=Row(name="decoder", measures=(Measure(name="mse", value=0.01),)),
        kl_per_unit=rates,
        active=rates > 0.1,
        marginal_per_unit=rates,
        cap=4.5,
        originals=shown,
        reconstructions=shown,
        others=shown,
        mean_image=np.zeros((3, 8, 8), np.uint8),
        **{**told, **more},
    )


@pytest.mark.parametrize("rates", [(2, 1, 0), (0, 0), np.linspace(3, 0, 500), (0.2,)])
def test_every_picture_is_drawn_and_described(rates):
    with style():
        for draw in (unit_rates, rate_parts, ablation):
            picture = draw(record(rates))
            assert picture.png.startswith(b"\x89PNG")
            assert picture.words.alt
            assert "seed 0" in picture.small_print


@pytest.mark.parametrize("parts", [(0, 0, 0), (-1e-3, 1e-4, 2e-3), (4.49, 300, 150)])
def test_the_parts_of_a_rate_of_any_size(parts):
    with style():
        picture = rate_parts(record(parts=parts))
    assert ("stand at it" in picture.words.read) == (parts[0] > 4)
    assert "log N = 4.5 nat" in picture.small_print


def test_units_are_counted_and_sorted():
    with style():
        picture = unit_rates(record((0.0, 2.0, 1.0)))
    assert "3 latents, 2 active; the largest carries 2 nat" in picture.words.alt


def test_what_a_point_or_a_store_lacks_is_not_drawn():
    with style():
        bare = record((), parts=(), n=0)
        assert unit_rates(bare) is None
        assert rate_parts(bare) is None
        assert ablation(bare) is None


def test_the_verdict_comes_with_its_thresholds_and_the_cure_with_its_flag():
    assert verdicts(record()) == ["✓ Healthy: fine (rate < .1)."]
    sick = record(finding="scale bug", cure="--beta 1")
    assert verdicts(sick)[0].startswith("✗ Scale bug:")
    assert verdicts(sick)[1] == "Cure: --beta 1."
