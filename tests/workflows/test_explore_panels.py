"""What the explorer's panels are told: journeys, films, training, motion, and runs side by side."""

import json
from dataclasses import asdict
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.spatial import procrustes
from scipy.stats import spearmanr

import latentscape
from latentscape.data import DataConfig
from latentscape.errors import ModelError, RunError, UsageError
from latentscape.motion.predictors import FitConfig, TripletLatents, predictor_named
from latentscape.records.exhibit import Journey
from latentscape.training import TrainConfig
from latentscape.trajectories import INTERPOLATORS
from latentscape.trajectories.linear import linear
from latentscape.workflows.explore import open_exhibits
from latentscape.workflows.explore.comparison import aligned_to
from latentscape.workflows.explore.travel import KEPT
from latentscape.workflows.explore.ways import way_cards
from latentscape.workflows.key_frames import SMOOTH
from latentscape.workflows.motion.fits import fitted, kept_fit

RNG = np.random.default_rng(0)
DIGITS = DataConfig("digits", limit=120)


def encoded(run, split="test"):
    latentscape.encode(run, split=split)
    return run


@pytest.fixture
def exhibit(make_run):
    return open_exhibits(encoded(make_run("a", data=DIGITS)))["0"]


def test_a_journey_ends_at_its_samples_and_stands_beside_the_dissolve(exhibit):
    travel, arrays = exhibit.travel(Journey((0, 5), "linear", 7))
    assert arrays["frames"].shape == arrays["dissolve"].shape == (7, 8, 8, 1)
    assert arrays["originals"].shape == (2, 8, 8, 1)
    ends = exhibit.decode(exhibit.latents([0, 5]))
    for frames in (arrays["frames"], arrays["dissolve"]):
        np.testing.assert_array_equal(frames[[0, -1]], ends)
    middle = ends.astype(float).mean(0)
    np.testing.assert_allclose(arrays["dissolve"][3], middle, atol=1)
    ways = linear(*exhibit.latents([0, 5])[:, None], n_steps=7)[0]
    np.testing.assert_array_equal(arrays["frames"], exhibit.decode(ways))
    named = {one.name: one for one in travel.series}
    assert len(named["style"].values) == len(named["style"].null) == 6
    assert len(named["blend"].values) == len(named["neighbours"].values) == 7
    assert named["blend"].null == pytest.approx(np.linspace(0, 1, 7))
    assert "SqueezeNet" in named["style"].null_words
    assert named["blend"].values[0] == pytest.approx(0)
    assert named["blend"].values[-1] == pytest.approx(1)
    told = {measure.name: measure for measure in travel.numbers}
    assert told["dissolve_deficit"].reference.value == pytest.approx(1, abs=1e-3)
    assert told["off_blend_most"].reference.value == pytest.approx(0, abs=1e-9)
    assert travel.verdict
    assert travel.verdict_words
    places = travel.places["digits-test-latent"]
    np.testing.assert_allclose(places, ways, atol=1e-5)


def test_a_journey_through_several_samples_is_judged_leg_by_leg(exhibit):
    travel, arrays = exhibit.travel(Journey((3, 8, 3), "linear", 9))
    assert travel.key_steps == (0, 4, 8)
    keys = exhibit.decode(exhibit.latents([3, 8, 3]))
    np.testing.assert_array_equal(arrays["frames"][[0, 4, 8]], keys)
    np.testing.assert_array_equal(arrays["dissolve"][[0, 4, 8]], keys)
    # there and back is the same way twice
    style = next(one for one in travel.series if one.name == "style")
    assert style.values[:4] == pytest.approx(style.values[4:][::-1], rel=1e-3)
    assert "leg 2" in travel.verdict_words
    assert all("median of 2 legs" in one.note for one in travel.numbers)
    _, arrays = exhibit.travel(Journey((3, 8, 1), "catmull-rom", 12))
    assert len(arrays["frames"]) == 12


@pytest.mark.parametrize(
    ("journey", "what"),
    [
        (Journey((0, 0), "linear", 7), "itself"),
        (Journey((0,), "linear", 7), "1 sample cannot"),
        (Journey((0, 10_000), "linear", 7), "no sample 10000"),
        (Journey((0, -1), "linear", 7), "no sample -1"),
        (Journey((0, 1), "slurp", 7), "no way called 'slurp'"),
        (Journey((0, 1), "linear", 2), "2 frames"),
        (Journey((0, 1), "linear", 65), "65 frames"),
        (Journey((0, 1, 2, 3), "linear", 5), "too few"),
        (Journey(tuple(range(13)), "linear", 60), "13 samples"),
    ],
)
def test_journeys_that_cannot_be_are_told_kindly(exhibit, journey, what):
    with pytest.raises(UsageError, match=what) as told:
        exhibit.travel(journey)
    assert told.value.hint


def test_samples_that_decode_alike_are_undefined_and_say_why(exhibit):
    exhibit.stored.means[7] = exhibit.stored.means[2]
    travel, _ = exhibit.travel(Journey((2, 7), "linear", 5))
    assert travel.verdict == "undefined"
    assert "same picture" in travel.verdict_words
    style = next(one for one in travel.series if one.name == "style")
    assert set(style.values) == {0.0}


def test_legs_that_define_nothing_do_not_count(exhibit):
    exhibit.stored.means[7] = exhibit.stored.means[2]
    travel, _ = exhibit.travel(Journey((2, 7, 20), "linear", 9))
    told = {measure.name: measure for measure in travel.numbers}
    assert told["off_blend_most"].n == 1  # from 2 to 7 nothing changes
    assert told["off_blend_most"].note.endswith("; 1 of 2 legs")


def test_a_decoder_of_nothing_finite_is_a_kind_error(exhibit):
    with torch.no_grad():
        next(exhibit.live.model.autoencoder.decoder.parameters()).fill_(torch.nan)
    with pytest.raises(ModelError, match="not finite"):
        exhibit.travel(Journey((0, 4), "linear", 5))


def test_every_way_has_a_sentence_and_goes(exhibit):
    cards = way_cards()
    assert {card.name for card in cards} == {*INTERPOLATORS, *SMOOTH}
    assert len({card.meaning for card in cards}) == len(cards)
    assert cards[0].name == "linear"
    slow = {card.name for card in cards if card.slow}
    assert {"geodesic", "graph-decoded"} <= slow
    for name in {card.name for card in cards} - slow:
        travel, _ = exhibit.travel(Journey((0, 9), name, 5))
        assert np.isfinite(travel.places["digits-test-latent"]).all()


def test_the_last_journeys_are_kept(exhibit):
    first = Journey((0, 5), "linear", 5)
    kept = exhibit.traveller.trip(exhibit, first)
    assert exhibit.traveller.trip(exhibit, first) is kept
    for n in range(KEPT):
        exhibit.travel(Journey((1, 2 + n), "linear", 3))
    assert exhibit.traveller.trip(exhibit, first) is not kept


def test_films_open_again(exhibit):
    journey = Journey((0, 5), "linear", 6)
    with Image.open(BytesIO(exhibit.film(journey, "gif"))) as film:
        assert film.n_frames == 10  # there and back, the ends once
        assert min(film.size) >= 64
    assert b"ftyp" in exhibit.film(journey, "mp4")[:16]
    with np.load(BytesIO(exhibit.film(journey, "npz"))) as file:
        assert file["frames"].shape == (6, 8, 8, 1)
        np.testing.assert_allclose(file["latents"][[0, -1]], exhibit.latents([0, 5]), atol=1e-6)
        assert file["sample_ids"].tolist() == [str(exhibit.stored.sample_ids[i]) for i in (0, 5)]
    with pytest.raises(UsageError, match="no film 'avi'"):
        exhibit.film(journey, "avi")


def test_training_is_told_by_epoch(tmp_path):
    run = tmp_path / "trained"
    config = TrainConfig(recipe="vae", latent=3, epochs=2)
    latentscape.train(DIGITS, config, out=run)
    exhibit = open_exhibits(encoded(run))["0"]
    assert exhibit.card.abilities["training"].possible
    card, arrays = exhibit.training()
    assert card.epochs == (0, 1, 2)
    assert arrays["positions"].shape == (3, len(arrays["labels"]), 2)
    assert "principal axes" in card.axes
    loss = card.curves["val_loss"]
    assert loss[0] is None  # the history begins after the first epoch
    assert loss[1] is not None
    assert card.units["val_loss"] == "nat an image"
    with Image.open(BytesIO(exhibit.epoch(2))) as picture:
        assert picture.width > picture.height
    with pytest.raises(UsageError, match="no picture of epoch 9"):
        exhibit.epoch(9)
    # principal axes keep the distances of the last epoch as far as a plane can
    kept = np.load(run / "snapshots" / "positions.npz")["positions"][-1]
    centred = kept - kept.mean(0)
    shares = np.linalg.svd(centred, compute_uv=False) ** 2
    placed = arrays["positions"][-1]
    spread = np.square(placed - placed.mean(0)).sum()
    assert spread == pytest.approx(shares[:2].sum(), rel=1e-3)


def test_training_without_traces_or_with_damaged_ones(exhibit):
    with pytest.raises(UsageError, match="neither a history nor snapshots"):
        exhibit.training()
    room = exhibit.run / "snapshots"
    room.mkdir()
    broken = np.full((2, 5, 4), np.nan, np.float32)
    broken[1] = RNG.normal(size=(5, 4))
    np.savez(room / "positions.npz", positions=broken, epochs=[1, 2], labels=np.zeros(5, int))
    card, arrays = exhibit.training()
    assert card.curves == {}
    assert not card.has_picture
    assert np.isfinite(arrays["positions"]).all()
    (room / "positions.npz").write_bytes(b"half a file")
    with pytest.warns(UserWarning, match="damaged"), pytest.raises(latentscape.errors.RunError):
        exhibit.training()


@pytest.mark.parametrize("spoilt", [
    {"epochs": 3}, {"labels": 0}, {"positions": np.array([[["a", "b"]]])}, {"labels": ["x"]},
    {"epochs": [np.nan]},
])  # fmt: skip
def test_snapshots_that_do_not_fit_themselves_are_told(exhibit, spoilt):
    parts = {"positions": np.zeros((1, 1, 2), np.float32), "epochs": [1], "labels": [0]}
    (exhibit.run / "snapshots").mkdir()
    np.savez(exhibit.run / "snapshots" / "positions.npz", **(parts | spoilt))
    with (
        pytest.warns(UserWarning, match="does not fit itself"),
        pytest.raises(RunError, match="no epoch"),
    ):
        exhibit.training()


def test_alignment_is_procrustes():
    first, other = RNG.normal(size=(40, 2)), RNG.normal(size=(40, 2))
    _, disparity = aligned_to(first, other)
    assert disparity == pytest.approx(procrustes(first, other)[2])
    turn = np.array([[0, 1], [1, 0]])  # a mirror
    aligned, disparity = aligned_to(first, 7 * first @ turn + 3)
    assert aligned == pytest.approx(first)
    assert disparity == pytest.approx(0, abs=1e-12)
    point = np.ones((40, 2))
    aligned, disparity = aligned_to(first, point)
    assert disparity is None
    np.testing.assert_array_equal(aligned, point)


def test_runs_side_by_side_share_their_samples(make_run):
    runs = [encoded(make_run("one", data=DIGITS)), encoded(make_run("two", latent=5, data=DIGITS))]
    for run in runs:
        latentscape.measure("reconstruction", run)
    exhibits = open_exhibits(runs)
    assert exhibits.card.comparable.possible
    found, arrays = exhibits.compare(["0", "1"], "latent")
    assert found.n == len(exhibits["0"].stored)
    for key in ("0", "1"):
        ids = exhibits[key].stored.sample_ids[arrays[f"rows-{key}"]]
        np.testing.assert_array_equal(ids, exhibits["0"].stored.sample_ids[arrays["rows-0"]])
    assert found.sides[0].disparity is None
    assert 0 <= found.sides[1].disparity <= 1
    rows = {line["0"].name: (line, best) for line, best in zip(found.measures, found.best,
                                                              strict=True)}  # fmt: skip
    line, best = rows["mse"]
    assert set(line) == {"0", "1"}
    assert line["0"].low <= line["0"].value <= line["0"].high
    assert set(best) <= {"0", "1"}
    assert set(found.topics) == {"reconstruction"}


def test_runs_that_cannot_be_compared_say_why(make_run):
    digits = encoded(make_run("a", data=DIGITS))
    other = encoded(make_run("b", data=DataConfig("sprites", limit=60, size=8, colour="L")))
    exhibits = open_exhibits([digits, other])
    assert not exhibits.card.comparable.possible
    assert "share no samples" in exhibits.card.comparable.why
    with pytest.raises(UsageError, match="share 0 samples"):
        exhibits.compare(["0", "1"], "pca")
    with pytest.raises(UsageError, match="1 runs"):
        exhibits.compare(["0"], "pca")
    with pytest.raises(UsageError, match="2 runs"):
        exhibits.compare(["0", "0"], "pca")


def test_equal_names_of_different_data_are_not_the_same_samples(make_run, tmp_path):
    runs = []
    for name in ("cats", "dogs"):
        folder = tmp_path / name
        folder.mkdir()
        for i in range(12):
            Image.fromarray(RNG.integers(0, 256, (8, 8), np.uint8)).save(folder / f"{i:02d}.png")
        runs.append(encoded(make_run(f"of-{name}", data=DataConfig(f"folder:{folder}", colour="L")),
                            split="all"))  # fmt: skip
    exhibits = open_exhibits(runs)
    ids = [set(exhibit.stored.sample_ids.tolist()) for exhibit in exhibits]
    if not ids[0] & ids[1]:  # the names were told apart already: make them equal
        for exhibit in exhibits:
            exhibit.stored.sample_ids[:] = exhibits["0"].stored.sample_ids
    assert not exhibits.card.comparable.possible
    with pytest.raises(UsageError, match="share 0 samples"):
        exhibits.compare(["0", "1"], "pca")


def test_other_images_of_one_name_are_told(make_run):
    runs = [encoded(make_run("all")), encoded(make_run("few", data=DIGITS))]
    exhibits = open_exhibits(runs)
    prints = {exhibit.provenance.fingerprint for exhibit in exhibits}
    found, _ = exhibits.compare(["0", "1"], "pca")
    assert len(prints) == 2
    assert "fingerprints differ" in found.words


def test_whether_runs_compare_is_found_out_once(make_run, monkeypatch):
    exhibits = open_exhibits([encoded(make_run(name, data=DIGITS)) for name in ("a", "b")])
    first = exhibits.card.comparable
    assert first.possible

    def again(_):
        raise AssertionError("samples are looked through anew for every card")

    monkeypatch.setattr("latentscape.workflows.explore.exhibits.comparable", again)
    assert exhibits.card.comparable == first


@pytest.fixture
def moving(make_run):
    data = DataConfig("sprites-motion", size=16, limit=90)
    return encoded(make_run("m", latent=6, data=data), split="all")


def test_motion_is_told_by_triplet(moving):
    exhibit = open_exhibits(moving)["0"]
    assert exhibit.card.abilities["motion"].possible
    card, arrays = exhibit.motion()
    m = len(card.names)
    assert m > 0
    assert arrays["triplets"].shape == (m, 3)
    ends = exhibit.latents(arrays["triplets"][:, 2]) - exhibit.latents(arrays["triplets"][:, 0])
    np.testing.assert_allclose(arrays["displacement"], np.linalg.norm(ends, axis=1), rtol=1e-4)
    assert arrays["lengths"].sum() == len(arrays["courses"])
    assert len(card.shots) == len(arrays["lengths"])
    assert np.isfinite(arrays["flow"]).sum() == min(m, 256)
    (told,) = card.numbers  # without a record, how displacement goes with flow
    known = np.isfinite(arrays["flow"])
    wanted = spearmanr(arrays["flow"][known], arrays["displacement"][known]).statistic
    assert (told.name, told.n) == ("flow_correlation", known.sum())
    assert told.value == pytest.approx(wanted, abs=1e-6)
    assert told.low is None or told.low <= told.value <= told.high
    assert abs(told.reference.value) < 0.2
    middles, pixels = exhibit.middles(0)
    assert middles.names[:3] == ("first", "true middle", "last")
    assert len(pixels) == len(middles.names) == len(middles.errors)
    assert middles.errors[:3] == (None, None, None)
    line = middles.names.index("decoded line")
    latents = exhibit.latents(arrays["triplets"][0])
    np.testing.assert_array_equal(pixels[line], exhibit.decode(latents[[0, 2]].mean(0)[None])[0])
    blend = middles.names.index("pixel blend")
    missed = (pixels[blend].astype(float) - pixels[1]) / 255
    assert middles.errors[blend] == pytest.approx(np.square(missed).mean())
    with pytest.raises(UsageError, match="no triplet"):
        exhibit.middles(m)


def test_a_predictor_that_was_kept_is_asked_again(tmp_path):
    grid, config = (2, 3, 3), FitConfig(seed=4)
    latents = RNG.normal(size=(60, 3, *grid)).astype(np.float32)
    latents[:, 1] = 0.8 * latents[:, 0] + 0.2 * latents[:, 2]
    parts = [
        TripletLatents(lambda rows: latents[rows], rows, grid)
        for rows in (np.arange(40), np.arange(40, 60))
    ]
    predictor = predictor_named("ridge-1x1", config)
    (told,) = fitted({"ridge-1x1": predictor}, parts, tmp_path, config=config)
    settings = {name: value for name, value in asdict(config).items() if name != "device"}
    again = kept_fit(tmp_path, told, settings, grid)
    ends = latents[:5, ::2]
    np.testing.assert_allclose(again.predict(ends), predictor.predict(ends), rtol=1e-6)
    other = told.model_copy(update={"words": "of other latents"})
    assert kept_fit(tmp_path, other, settings, grid) is None
    assert kept_fit(tmp_path / "elsewhere", told, settings, grid) is None


def test_pictures_that_do_not_move_have_no_motion(exhibit):
    assert not exhibit.card.abilities["motion"].possible
    with pytest.raises(UsageError, match="no moving picture"):
        exhibit.motion()


def test_cards_go_over_the_wire(exhibit):
    travel, _ = exhibit.travel(Journey((0, 5), "linear", 5))
    for body in (travel, exhibit.card):
        assert json.loads(body.model_dump_json()) == body.model_dump(mode="json")
