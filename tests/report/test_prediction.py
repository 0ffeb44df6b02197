"""Figures and tables of predicted middle frames."""

import re

import numpy as np
import pytest

from latentscape.metrics.catalogue import CATALOGUE
from latentscape.motion.prediction import AGAIN, BLEND, CEILING, prediction_rows
from latentscape.motion.resampled import draws_of
from latentscape.records import MotionThird, PredictionRecord, PredictorFit, Provenance, Undefined
from latentscape.report.canvas import style
from latentscape.report.figures.prediction import best_of, prediction_pictures
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html
from latentscape.report.palette import SIZES as SIZES_OF_TEXT
from latentscape.report.topics.prediction import blocks

UNFITTED = (BLEND, AGAIN, "flow warp", "linear", CEILING)
SIZES = {BLEND: 4, AGAIN: 5, "flow warp": 3, "linear": 4, "best-t": 4, "conv": 2.5, CEILING: 1}


def record_of(
    *,
    conv: float = 2.5,
    best_t: float = 4,
    ceiling: float = 1,
    blurred: float | None = None,
    validation: dict | None = None,
    shots: int = 20,
    warnings: tuple = (),
) -> PredictionRecord:
    """The least validation error is conv's where nothing else is said."""
    rng = np.random.default_rng(0)
    ways = {}
    sizes = {**SIZES, "conv": conv, "best-t": best_t, CEILING: ceiling}
    sizes |= {} if blurred is None else {"blurred-linear": blurred}
    errors = {"linear": 4.0, "conv": 2.5, "best-t": 4.0, **(validation or {})}
    for name, size in sizes.items():
        drawn = size * rng.gamma(20, 0.05, 60)
        ways[name] = {"mse": drawn / 100, "psnr_mean": -10 * np.log10(drawn / 100)}
        if name not in (BLEND, "flow warp", CEILING):
            ways[name] |= {"latent_error": drawn, "latent_parts": drawn / 9}
    rows = prediction_rows(ways, draws_of(np.zeros(60), np.arange(60) * shots // 60, seed=0))
    parts = {
        "rows": tuple(row for row in rows if row.name not in UNFITTED),
        "baselines": tuple(row for row in rows if row.name in UNFITTED),
    }
    third = MotionThird(name="least motion", least=0.1, most=2.3, **parts)
    pictures = rng.integers(0, 255, (3, 3 + len(ways), 3, 16, 16)).astype(np.uint8)
    return PredictionRecord(
        provenance=Provenance(
            model="m", recipe="ae", data="shots", split="test", n=60, seed=0, latent_shape=(4, 8, 8)
        ),
        **parts,
        by_motion=(third,) * 3,
        fits=tuple(
            PredictorFit(
                name=name,
                words="best epoch 3 of 9",
                n_parameters=9,
                seconds=2.0,
                validation_error=error,
            )
            for name, error in errors.items()
        ),
        left_out=(Undefined(name="unet", why="a grid too small to be halved"),),
        n_triplets={"train": 100, "val": 20, "test": 60},
        n_shots=shots,
        n_films=1,
        resampled="95 % bootstrap over 20 shots of 60 triplets",
        names=tuple(f"t{i}" for i in range(60)),
        shots=tuple(f"s{i // 3}" for i in range(60)),
        films=("f",) * 60,
        motion=np.linspace(0, 5, 60),
        columns={},
        shown=("a", "b", "c"),
        ways=("first", "true middle", "last", *ways),
        pictures=pictures,
        warnings=warnings,
    )


@pytest.fixture
def page(tmp_path):
    def draw(record: PredictionRecord) -> str:
        contents = RunContents(tmp_path, {}, None, [("shots-prediction", record)])
        return "\n".join(blocks(contents, lambda picture: Html(picture.words.title)))

    return draw


def test_pictures_carry_n_baseline_and_every_predictor():
    record = record_of()
    with style():
        pictures = {p.words.name: p for p in prediction_pictures(record)}
    assert set(pictures) == {"prediction-skill", "prediction-by-motion", "prediction-strips"}
    for picture in pictures.values():
        assert "n = " in picture.small_print
        assert "baseline: " in picture.small_print
        assert picture.words.alt
    for word in ("conv", "best-t", "flow warp", "crossfade"):
        assert word in pictures["prediction-skill"].svg
    assert "true middle" in pictures["prediction-strips"].words.alt
    assert "2.3 px" in pictures["prediction-by-motion"].svg


def test_the_best_predictor_is_chosen_on_validation_triplets_not_on_the_test():
    assert best_of(record_of()).name == "conv"
    assert best_of(record_of(conv=9)).name == "conv"
    assert best_of(record_of(validation={"best-t": 2.4})).name == "best-t"


def test_nothing_is_chosen_that_does_not_beat_the_line():
    same = record_of(validation={"conv": 4.0, "best-t": 4.0})
    assert best_of(same) is None
    with style():
        strips = {p.words.name: p for p in prediction_pictures(same)}["prediction-strips"]
    assert "conv" not in strips.svg
    assert "chosen" not in strips.words.read


def test_the_verdict_follows_the_interval(page):
    assert "better than linear." in page(record_of())
    assert "20 test shots" in page(record_of())
    assert "worse than linear" in page(record_of(conv=40))
    assert "not told apart from linear" in page(record_of(conv=3.98))
    none = page(record_of(validation={"conv": 4.1, "best-t": 4.0}))
    assert "No predictor beats the midpoint on the validation triplets" in none


def test_the_verdict_gives_share_and_interval_in_one_unit(page):
    skill = best_of(record_of())["latent_skill"]
    told = (
        f"takes away {100 * skill.value:.3g} % ({100 * skill.low:.3g} to {100 * skill.high:.3g} %)"
    )
    assert told in page(record_of())
    worse = best_of(record_of(conv=40))["latent_skill"]
    told = f"adds {-100 * worse.value:.3g} % ({-100 * worse.high:.3g} to {-100 * worse.low:.3g} %)"
    assert told in page(record_of(conv=40))


def test_thirds_without_intervals_say_so():
    def read(record):
        with style():
            pictures = {p.words.name: p for p in prediction_pictures(record)}
        return pictures["prediction-by-motion"].words.read

    assert "lines are their intervals" in read(record_of())
    assert "too few shots for an interval" in read(record_of(shots=5))


def test_of_older_records_it_is_not_known_what_validation_would_choose(page):
    old = record_of()
    fits = tuple(fit.model_copy(update={"validation_error": None}) for fit in old.fits)
    told = page(old.model_copy(update={"fits": fits}))
    assert "is not known" in told
    assert "No predictor beats" not in told
    assert "better than linear" not in told


def test_the_verdict_names_what_is_shrinking_only(page):
    assert "beyond shrinking" in page(record_of(blurred=3.5))
    assert "by shrinking only" in page(record_of(blurred=2.5))
    blur = page(record_of(blurred=2.0, validation={"blurred-linear": 2.0}))
    assert "by shrinking only" in blur


@pytest.mark.parametrize(("shots", "words"), [(1, "1 test shot: no"), (7, "7 test shots: no")])
def test_the_verdict_of_few_shots_has_no_interval(page, shots, words):
    text = page(record_of(shots=shots))
    assert f"{words} interval" in text
    assert "better than linear" not in text


def test_headings_of_strips_are_all_as_large():
    """A size chosen by the length of the word cannot be read on a narrow screen."""
    with style():
        strips = {p.words.name: p for p in prediction_pictures(record_of())}["prediction-strips"]
    headings = ("first", "true", "pixel", "flow", "linear", "conv", "ceiling", "last")
    found = [re.search(rf"font-size: ([\d.]+)px[^>]*>{word}<", strips.svg) for word in headings]
    assert {float(one[1]) for one in found} == {SIZES_OF_TEXT.tick}


def test_the_table_has_every_way_and_what_each_measure_means(page):
    text = page(record_of())
    for word in (*SIZES, "ceiling", "unet", "does not apply", "best epoch 3 of 9", "20 shots"):
        assert word in text
    assert CATALOGUE["latent_skill"].meaning.split(":")[0] in text
    assert "Least motion" in text


def test_a_ceiling_below_the_blend_is_said_and_not_drawn(page):
    record = record_of(ceiling=9, warnings=("motion skill is not defined: so it is",))
    text = page(record)
    assert "not defined" in text
    assert "Note: " in text
    with style():
        drawn = {p.words.name: p for p in prediction_pictures(record)}
    assert "Decoded" not in drawn["prediction-skill"].svg
