"""Figures and tables of predicted middle frames."""

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
from latentscape.report.topics.prediction import blocks

UNFITTED = (BLEND, AGAIN, "flow warp", "linear", CEILING)
SIZES = {BLEND: 4, AGAIN: 5, "flow warp": 3, "linear": 4, "best-t": 4, "conv": 2.5, CEILING: 1}


def record_of(*, conv: float = 2.5, ceiling: float = 1, warnings: tuple = ()) -> PredictionRecord:
    rng = np.random.default_rng(0)
    ways = {}
    for name, size in {**SIZES, "conv": conv, CEILING: ceiling}.items():
        drawn = size * rng.gamma(20, 0.05, 60)
        ways[name] = {"mse": drawn / 100, "psnr_mean": -10 * np.log10(drawn / 100)}
        if name not in (BLEND, "flow warp", CEILING):
            ways[name] |= {"latent_error": drawn, "latent_parts": drawn / 9}
    rows = prediction_rows(ways, draws_of(np.zeros(60), np.arange(60) // 3, seed=0))
    parts = {
        "rows": tuple(row for row in rows if row.name not in UNFITTED),
        "baselines": tuple(row for row in rows if row.name in UNFITTED),
    }
    third = MotionThird(name="little motion", least=0.1, most=2.3, **parts)
    pictures = rng.integers(0, 255, (3, 3 + len(ways), 3, 16, 16)).astype(np.uint8)
    return PredictionRecord(
        provenance=Provenance(
            model="m", recipe="ae", data="shots", split="test", n=60, seed=0, latent_shape=(4, 8, 8)
        ),
        **parts,
        by_motion=(third,) * 3,
        fits=(PredictorFit(name="conv", words="best epoch 3 of 9", n_parameters=9, seconds=2.0),),
        left_out=(Undefined(name="unet", why="a grid too small to be halved"),),
        n_triplets={"train": 100, "val": 20, "test": 60},
        n_shots=20,
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
    assert "true middle" in pictures["prediction-strips"].svg
    assert "2.3 px" in pictures["prediction-by-motion"].svg


def test_the_best_predictor_is_the_one_with_the_least_error():
    assert best_of(record_of()).name == "conv"
    assert best_of(record_of(conv=9)).name == "best-t"


def test_the_verdict_follows_the_interval(page):
    assert "better than linear" in page(record_of())
    worse = record_of(conv=40)
    worse = worse.model_copy(update={"rows": worse.rows[1:]})
    assert "nothing is better than linear" in page(worse)
    unsure = record_of(conv=3.98)
    unsure = unsure.model_copy(update={"rows": unsure.rows[1:]})
    assert "not told apart" in page(unsure) or "nothing is better" in page(unsure)
    assert "20 test shots" in page(record_of())


def test_the_table_has_every_way_and_what_each_measure_means(page):
    text = page(record_of())
    for word in (*SIZES, "ceiling", "unet", "does not apply", "best epoch 3 of 9", "20 shots"):
        assert word in text
    assert CATALOGUE["latent_skill"].meaning.split(":")[0] in text
    assert "Little motion" in text


def test_a_ceiling_below_the_blend_is_said_and_not_drawn(page):
    record = record_of(ceiling=9, warnings=("motion skill is not defined: so it is",))
    text = page(record)
    assert "not defined" in text
    assert "Note: " in text
    with style():
        drawn = {p.words.name: p for p in prediction_pictures(record)}
    assert "Decoded" not in drawn["prediction-skill"].svg
