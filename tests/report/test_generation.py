"""What a report says of new images, and of how evenly a decoder moves."""

import re

import numpy as np
import pytest

import latentscape
from latentscape.records import (
    Drawn,
    Features,
    GenerationRecord,
    Measure,
    Reference,
    Row,
    StructureRecord,
    Undefined,
)
from latentscape.records.smoothness import Smoothness
from latentscape.report.canvas import style
from latentscape.report.figures.generation import generation_dots, nearest_training
from latentscape.report.figures.smoothness import jacobian_spectrum

WHY_NO_PRIOR = "nothing in training drew this model's latents towards N(0, I)"
WHY_NO_FID = "these images are not in colour"


def row(name: str, kid: float, **more) -> Row:
    same = Reference(value=0.969, words="expected of two sets from one distribution")
    measures = [
        Measure(name="kid", value=kid, better="lower", low=kid - 0.1, high=kid + 0.1, n=400,
                interval="95 % of 200 random halves", note="kernel distance"),
        Measure(name="precision", value=0.7, better="higher", low=0.6, high=0.8, n=400),
        Measure(name="recall", value=0.5, better="higher", low=0.4, high=0.6, n=400),
        Measure(name="density", value=1.3, better="higher", n=400),
        Measure(name="coverage", value=0.8, better="higher", low=0.7, high=0.9, n=400,
                reference=same),
    ]  # fmt: skip
    missing = Undefined(name="fid", why=WHY_NO_FID)
    return Row(name=name, measures=tuple(measures), undefined=(missing,), note="made so", **more)


def generation_of(run, *, matched: bool = True, training: bool = True) -> GenerationRecord:
    absent = Undefined(name="every measure", why=WHY_NO_PRIOR)
    prior = row("prior samples", 0.4)
    if not matched:
        prior = Row(name="prior samples", measures=(), undefined=(absent,))
    shown = run.images[:8]
    nearest = run.images[8:16] if training else run.images[:0]
    drawn = [
        Drawn(name=name, images=shown, nearest=nearest, distances=np.linspace(3, 9, len(nearest)),
              nearest_ids=tuple(f"digits-{i}" for i in range(len(nearest))))
        for name in ("prior samples", "mixture samples", "interpolations")[not matched :]
    ]  # fmt: skip
    return GenerationRecord(
        provenance=run.provenance,
        features=Features(
            net="SqueezeNet 1.1", layer="step 12", weights="ImageNet weights x.pth",
            sha256="eee86793ac5f7ddb", entry="RGB in [0, 1]", scale=7.5,
        ),
        rows=(prior, row("mixture samples", 0.2), row("interpolations", 0.3)),
        baselines=(row("training images", 0.001), row("reconstructions", 0.1),
                   row("pixel noise", 9), row("mean image", 12)),
        likelihood=Row(name="likelihood", measures=(
            Measure(name="iwae", value=-88.2, unit="nat", better="higher", low=-90, high=-86, n=99),
        )),
        drawn=tuple(drawn),
        typical_distance=6.0 if training else None,
        n_train=1200 if training else 0,
        prior_matched=matched,
    )  # fmt: skip


def smoothness_of(n: int = 20, d: int = 5) -> Smoothness:
    rng = np.random.default_rng(0)
    values = np.sort(rng.random((n, d)), axis=1)[:, ::-1]
    measure = Measure(name="curvature", value=0.15, better="lower", low=0.14, high=0.16, n=n)
    return Smoothness(
        row=Row(name="smoothness", measures=(measure,)),
        baselines=(Row(name="smoothness at prior draws", measures=(measure,)),),
        singular_values=values,
        prior_singular_values=values / 2,
        linear_singular_values=np.linspace(1, 0.5, d),
    )


@pytest.fixture
def run(make_run, tmp_path):
    return make_run(tmp_path / "run")


@pytest.fixture(autouse=True)
def in_style():
    with style():
        yield


def words_in(page: str) -> str:
    return re.sub(r"<[^>]+>", " ", page)


def test_sources_are_models_and_the_ceilings_stay_in_the_table(run):
    picture = generation_dots(generation_of(run))
    assert "KID: prior samples 0.400, mixture samples 0.200" in picture.words.alt
    assert "training images" in picture.words.alt
    assert "pixel noise" not in picture.words.alt
    assert "coverage" in picture.words.alt
    assert picture.png == generation_dots(generation_of(run)).png


def test_a_source_that_was_not_made_has_no_dot(run):
    picture = generation_dots(generation_of(run, matched=False))
    assert "prior samples" not in picture.words.alt
    assert "mixture samples" in picture.words.alt


def test_each_image_stands_over_its_nearest_with_their_distance(run):
    picture = nearest_training(generation_of(run))
    for text in ("0.5×", "1.5×", "nearest of 1,200 training images", "n = 24"):
        assert text in picture.svg
    assert nearest_training(generation_of(run, training=False)) is None


def test_one_image_and_wide_images_are_drawn(run):
    record = generation_of(run)
    one = record.drawn[0]
    few = one.model_copy(update={
        "images": np.zeros((1, 3, 20, 60), np.uint8), "nearest": np.zeros((1, 3, 20, 60), np.uint8),
        "distances": np.ones(1),
    })  # fmt: skip
    assert nearest_training(record.model_copy(update={"drawn": (few,)})) is not None


def test_the_page_says_what_was_compared_in_what_and_what_is_absent(run):
    generation_of(run, matched=False).save(run.folder / "measures" / "generation-digits-test")
    latentscape.report(run.folder)
    page = words_in((run.folder / "report.html").read_text())
    for text in ("SqueezeNet 1.1", "sha256 eee86793ac5f", WHY_NO_PRIOR, "pixel noise", "mean image",
                 "New images over their nearest", "IWAE", "density"):  # fmt: skip
        assert text in page
    assert page.count(WHY_NO_FID) == 1


def test_the_spectrum_names_what_it_is_held_against(run):
    picture = jacobian_spectrum(smoothness_of(), run.provenance)
    assert "PCA's linear decoder" in picture.small_print
    assert "prior draws" in picture.small_print
    assert "5 directions" in picture.words.alt


@pytest.mark.parametrize("d", [1, 2, 50])
def test_any_number_of_directions_is_drawn(run, d):
    assert jacobian_spectrum(smoothness_of(d=d), run.provenance).png


def test_without_a_spectrum_there_is_no_picture(run):
    none = np.zeros((0, 0))
    empty = smoothness_of().model_copy(update={"singular_values": none})
    assert jacobian_spectrum(empty, run.provenance) is None
    still = smoothness_of().model_copy(update={"singular_values": np.zeros((3, 2))})
    assert jacobian_spectrum(still, run.provenance) is None
    alone = smoothness_of().model_copy(
        update={"prior_singular_values": none, "linear_singular_values": np.zeros(0)}
    )
    picture = jacobian_spectrum(alone, run.provenance)
    assert "prior draws" not in picture.small_print


def test_structure_shows_it(run):
    StructureRecord(
        provenance=run.provenance, rows=(), verdicts=(), eigenvalues=np.zeros(0),
        null_eigenvalues=np.zeros((3, 0)), smoothness=smoothness_of(),
    ).save(run.folder / "measures" / "structure-digits-test")  # fmt: skip
    latentscape.report(run.folder)
    page = words_in((run.folder / "report.html").read_text())
    assert "How far images move for a step in latent space" in page
    assert "Smoothness at prior draws" in page
