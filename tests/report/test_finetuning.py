"""The page of before and after says what changed, what did not, and what does not compare."""

import numpy as np
import pytest

from latentscape.metrics.catalogue import measured
from latentscape.metrics.interval import Interval
from latentscape.records import Difference, FineTuneRecord, Provenance, Reference, Row
from latentscape.report.figures.finetuning import by_channel, images
from latentscape.report.topics.finetuning import changed, sides, verdicts

RNG = np.random.default_rng(0)
NOISE = Reference(value=0.3, words="the old posterior's own noise, on the same scale")


def row(name: str, psnr: float, elbo: float) -> Row:
    return Row(
        name=name,
        measures=(
            measured("psnr_mean", psnr, n=9, interval=Interval(psnr - 1, psnr + 1, "by hand")),
            measured("elbo", elbo, n=9),
            measured("active_units", 7, n=9),
        ),
    )


def difference(name: str, value: float, reach: float = 0.1) -> Difference:
    return Difference(
        topic="finetuning", run="after", against="before", name=name, unit="dB", better="higher",
        value=value, low=value - reach, high=value + reach, interval="95 % by hand", n=9,
    )  # fmt: skip


@pytest.fixture
def record() -> FineTuneRecord:
    shown = RNG.integers(0, 256, (8, 3, 32, 32), dtype=np.uint8)
    return FineTuneRecord(
        provenance=Provenance(
            model="x", recipe="vae", data="clips", split="test", n=9, seed=0, latent_shape=(4, 2, 2)
        ),
        base="base", base_sha256="0" * 64, trained="all",
        objective=("reconstruction (gaussian, from a draw of the posterior)", "1 · KL"),
        stopped="finished", verdict="healthy: 90 nat an image", before=row("before", 20, -90),
        after=row("after", 21.5, -80), likelihoods=("gaussian", "gaussian"),
        differences=(difference("psnr_mean", 1.5), difference("elbo", 10.0)),
        drift=Row(
            name="latents",
            measures=(
                measured("latent_drift", 0.2, n=9, reference=NOISE),
                measured("rate_kept", 1.04, n=9),
                measured("units_lost", 1, n=9),
            ),
        ),
        moved=np.array([0.1, np.nan, 0.4, 0.05]), kept=np.array([0.99, np.nan, 0.9, 1.0]),
        active_before=np.arange(16) < 7, active_after=np.arange(16) < 6,
        originals=shown, befores=shown // 2, afters=shown // 4 * 3,
    )  # fmt: skip


def changed_to(record: FineTuneRecord, **fields) -> FineTuneRecord:
    return record.model_copy(update=fields)


def test_one_sentence_says_what_changed(record):
    assert changed(record) == (
        "PSNR +1.50 dB (better); rate +4.00 %; 1 of 7 active units lost; latents moved by 0.200 of "
        "their spread, noise 0.300."
    )
    still = (measured("latent_drift", 0, n=9), measured("rate_kept", 1, n=9))
    same = Row(name="latents", measures=(*still, measured("units_lost", 0, n=9)))
    said = changed(changed_to(record, drift=same))
    assert "rate unchanged; 0 of 7 active units lost." in said


def test_the_end_is_marked_by_more_than_colour(record):
    trained, _, ended = verdicts(record)
    assert trained == (
        "Trained: all weights of base, by reconstruction (gaussian, from a draw of the posterior) "
        "+ 1 · KL."
    )
    assert ended.startswith("✓ Healthy")
    failed = changed_to(record, stopped="collapsed", verdict="the run collapsed", cure="sum both")
    assert verdicts(failed)[-2:] == ["✗ The run collapsed.", "Cure: sum both."]
    assert "every latent with it" in verdicts(changed_to(record, trained="decoder"))[0]


def test_each_measure_stands_before_and_after_with_its_difference(record):
    html = sides(record, about="clips, test")
    for text in ("20", "21.50", "+1.50", "+1.40 to +1.60", "better", "19 to 21", "95 % by hand"):
        assert text in html, text
    assert "ELBO" in html
    same = changed_to(record, differences=(difference("psnr_mean", 0.0, 0.0),))
    assert "unchanged" in sides(same, about="")


def test_sums_of_other_likelihoods_are_not_set_beside_each_other(record):
    html = sides(changed_to(record, likelihoods=("gaussian", "laplace, b 1")), about="")
    assert "ELBO" not in html
    assert "laplace, b 1 after" in html


def test_pictures(record):
    picture = images(record)
    assert picture is not None
    assert "Five rows of 6 images" in picture.words.alt
    assert "White is an error of" in picture.words.read
    bars = by_channel(record)
    assert bars is not None
    assert "the largest move is 0.400" in bars.words.alt
    assert "0.300" in bars.words.read
    assert by_channel(changed_to(record, moved=np.zeros(4), kept=np.ones(4))) is None
    none = np.zeros((0, 3, 8, 8), np.uint8)
    assert images(changed_to(record, originals=none, befores=none, afters=none)) is None


def test_many_latents_are_drawn_as_the_first_of_them(record):
    many = changed_to(
        record,
        provenance=record.provenance.model_copy(update={"latent_shape": (200,)}),
        moved=RNG.random(200),
        kept=RNG.random(200),
    )
    picture = by_channel(many)
    assert picture is not None
    assert "136 latents that moved less are left out" in picture.words.baseline
    gray = RNG.integers(0, 256, (8, 1, 8, 8), dtype=np.uint8)
    assert images(changed_to(record, originals=gray, befores=gray, afters=gray)) is not None
