"""Each address answers what the contract says, and refuses kindly what it cannot do."""

import gzip
import json
import struct
import warnings
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentscape.errors import DataError, RunError, UsageError
from latentscape.records.exhibit import (
    FEWEST_STEPS,
    MOST_KEYS,
    MOST_STEPS,
    MOST_TILES,
    Ability,
    Exhibition,
)
from latentscape.records.folders import without_folders
from latentscape.records.packet import pack, unpack
from latentscape.server import answers
from latentscape.server.resources.drop import MOST_PIXELS
from latentscape.server.resources.drop import opened as image_opened
from latentscape.testing.exhibits import ABILITIES, ToyExhibit, discs

TOY = ToyExhibit()
LATENTS = np.array([[0.1, 0.2], [1, -1]], np.float32)


def told(response) -> tuple[dict | None, dict[str, np.ndarray]]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/vnd.latentscape.packet"
    return unpack(response.content)


def png(width: int, height: int, mode: str = "RGB") -> bytes:
    file = BytesIO()
    Image.new(mode, (width, height)).save(file, "PNG")
    return file.getvalue()


def bare_png(width: int, height: int) -> bytes:
    """A PNG whose head claims a size that its body does not have."""

    def chunk(content: bytes, claimed: int) -> bytes:
        return struct.pack(">I", claimed) + content + struct.pack(">I", zlib.crc32(content))

    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(head, 13) + chunk(b"IDAT" + bytes(8), 10**6)


def test_the_exhibition_is_the_cards(client):
    body = client.get("/api/exhibition").json()
    assert [card["key"] for card in body["exhibits"]] == ["0", "1"]
    assert body["exhibits"][0]["columns"][1]["name"] == "group/radius"


def test_columns_and_maps_are_the_exhibits_own(client):
    _, arrays = told(client.get("/api/exhibits/0/columns/label"))
    np.testing.assert_array_equal(arrays["values"], TOY.column("label"))
    _, arrays = told(client.get("/api/exhibits/0/columns/group%2Fradius"))
    np.testing.assert_array_equal(arrays["values"], TOY.column("group/radius"))
    _, arrays = told(client.get("/api/exhibits/0/maps/pca"))
    np.testing.assert_array_equal(arrays["positions"], TOY.points("pca")[0])
    np.testing.assert_array_equal(arrays["rows"], np.arange(60))


def test_images_are_of_the_rows_asked_for(client):
    _, arrays = told(client.post("/api/exhibits/0/images", json={"rows": [5, 5, 0]}))
    np.testing.assert_array_equal(arrays["pixels"], TOY.images([5, 5, 0], "original", None))
    small = {"rows": [0], "kind": "reconstruction", "side": 8}
    assert told(client.post("/api/exhibits/0/images", json=small))[1]["pixels"].shape == (
        1,
        8,
        8,
        1,
    )


def test_samples_are_found_and_described(client):
    assert client.get("/api/exhibits/0/samples/7").json()["neighbours"] == [6, 8]
    found = client.get("/api/exhibits/0/find", params={"text": "toy-1", "limit": 2}).json()
    assert found["rows"] == [1, 10]
    assert found["n"] == 11


def test_what_is_looked_at_is_what_is_decoded(client):
    body, arrays = told(client.post("/api/exhibits/0/look", json={"map": "pca", "x": 0.5, "y": -1}))
    assert body["lifting"] == "exact"
    np.testing.assert_array_equal(arrays["pixels"], discs(np.array([[0.5, -1]], np.float32)))
    _, arrays = told(client.post("/api/exhibits/0/decode", content=pack(latents=LATENTS)))
    np.testing.assert_array_equal(arrays["pixels"], discs(LATENTS))
    _, arrays = told(client.post("/api/exhibits/0/place?map=pca", content=pack(latents=LATENTS)))
    np.testing.assert_array_equal(arrays["positions"], LATENTS)
    _, arrays = told(client.post("/api/exhibits/0/latents", json={"rows": [3]}))
    np.testing.assert_array_equal(arrays["latents"], TOY.latents([3]))


def test_a_grid_and_a_journey(client):
    body, arrays = told(client.get("/api/exhibits/0/manifold", params={"map": "pca", "side": 3}))
    assert (body["columns"], body["x"], arrays["pixels"].shape) == (3, [-2, 2], (9, 16, 16, 1))
    wanted = {"rows": [1, 4], "method": "linear", "n_steps": 5}
    body, arrays = told(client.post("/api/exhibits/0/travel", json=wanted))
    assert body["n_steps"] == 5
    assert {name: len(array) for name, array in arrays.items()} == {
        "frames": 5, "dissolve": 5, "originals": 2,
    }  # fmt: skip
    film = client.post("/api/exhibits/0/film?kind=mp4", json=wanted)
    assert film.content == b"mp4 of 5 frames"
    assert film.headers["content-disposition"] == 'attachment; filename="journey.mp4"'


def test_a_number_that_is_not_finite_is_null(client):
    """The toy's journey has a PSNR of infinity, which a browser's JSON does not know."""
    wanted = {"rows": [1, 4], "method": "linear", "n_steps": 3}
    body, _ = told(client.post("/api/exhibits/0/travel", json=wanted))
    assert body["numbers"][0]["value"] is None


def test_dials_motion_training_comparison(client):
    body, arrays = told(client.get("/api/exhibits/0/dials"))
    assert arrays["directions"].shape == (len(body["dials"]), 2)
    body, arrays = told(client.get("/api/exhibits/0/motion"))
    assert arrays["triplets"].shape == (len(body["names"]), 3)
    assert told(client.get("/api/exhibits/0/motion/1"))[1]["pixels"].shape == (3, 16, 16, 1)
    body, arrays = told(client.get("/api/exhibits/0/training"))
    assert arrays["positions"].shape == (len(body["epochs"]), 60, 2)
    picture = client.get("/api/exhibits/0/training/1")
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(BytesIO(picture.content)).size == (1, 1)
    body, arrays = told(client.get("/api/comparison", params={"keys": "0,1", "map": "pca"}))
    assert [side["key"] for side in body["sides"]] == ["0", "1"]
    assert set(arrays) == {"positions-0", "rows-0", "positions-1", "rows-1"}


@pytest.mark.parametrize(
    ("method", "address", "body", "status"),
    [
        ("GET", "exhibits/9/dials", None, 404),
        ("GET", "exhibits/0/columns/rat", None, 404),
        ("GET", "exhibits/0/maps/umap", None, 404),
        ("GET", "exhibits/0/maps/..%2F..%2Fetc%2Fpasswd", None, 404),
        ("GET", "exhibits/0/columns/..%2F..%2Fetc%2Fpasswd", None, 404),
        ("GET", "exhibits/0/samples/60", None, 422),
        ("GET", "exhibits/0/samples/x", None, 422),
        ("GET", "exhibits/0/motion/99", None, 400),
        ("GET", "exhibits/0/training/9", None, 422),
        ("GET", "exhibits/0/manifold?map=pca&side=1000", None, 422),
        ("GET", "comparison?keys=0&map=pca", None, 422),
        ("GET", "comparison?keys=0,7&map=pca", None, 404),
        ("GET", "comparison?keys=0,1&map=umap", None, 404),
        ("POST", "exhibits/0/images", {"rows": [60]}, 422),
        ("POST", "exhibits/0/images", {"rows": [-1]}, 422),
        ("POST", "exhibits/0/images", {"rows": []}, 422),
        ("POST", "exhibits/0/images", {"rows": [0] * 1_025}, 422),
        ("POST", "exhibits/0/images", {"rows": [0], "kind": "/etc/passwd"}, 422),
        ("POST", "exhibits/0/images", {"rows": [0], "path": "/etc/passwd"}, 422),
        ("POST", "exhibits/0/look", {"map": "umap", "x": 0, "y": 0}, 404),
        ("POST", "exhibits/0/look", {"map": "pca", "x": "1e999", "y": 0}, 422),
        ("POST", "exhibits/0/travel", {"rows": [1], "method": "linear"}, 422),
        ("POST", "exhibits/0/travel", {"rows": [1, 2], "method": "\ud800"}, 422),
        ("POST", "exhibits/0/travel", {"rows": [1, 2], "n_steps": 10**30}, 422),
    ],
)
def test_what_is_not_there_is_refused_in_words(client, method, address, body, status):
    content = None if body is None else json.dumps(body)
    headers = {"Content-Type": "application/json"}
    response = client.request(method, f"/api/{address}", content=content, headers=headers)
    assert response.status_code == status
    assert set(response.json()) == {"error", "hint"}
    assert response.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0" * 7,
        b"\xff" * 64,
        pack(latents=LATENTS)[:-8],
        pack(latents=LATENTS.astype(np.float64)),
        pack(latents=LATENTS[:, :1].copy()),
        pack(latents=LATENTS[:0]),
        pack(latents=np.full((1, 2), np.nan, np.float32)),
        pack(latents=np.zeros((1_025, 2), np.float32)),
        pack(others=LATENTS),
        (16).to_bytes(8, "little") + b'{"body":0,"arrays":[' + b"[" * 100_000,
        (100_000).to_bytes(8, "little") + b"[" * 100_000,
    ],
)
def test_packets_that_are_none_are_refused(client, body):
    for address in ("decode", "place?map=pca"):
        response = client.post(f"/api/exhibits/0/{address}", content=body)
        assert response.status_code == 422
        assert response.json()["error"]


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [-1]},
        {"shape": [10**30]},
        {"shape": ["2"]},
        {"dtype": "object"},
        {"offset": -8},
        {"offset": 10**30},
    ],
)
def test_a_packet_cannot_lie_about_its_arrays(change):
    about = {"name": "latents", "dtype": "float32", "shape": [2, 2], "offset": 0, **change}
    header = json.dumps({"body": None, "arrays": [about]}).encode()
    with pytest.raises(RunError):
        unpack(len(header).to_bytes(8, "little") + header + bytes(16))


@pytest.mark.parametrize("ability", ABILITIES)
def test_what_an_exhibit_cannot_do_is_refused_in_the_cards_words(opened, ability):
    client = opened(ToyExhibit(able=[name for name in ABILITIES if name != ability]))
    at = "/api/exhibits/0"
    journey = {"rows": [0, 1]}
    addresses = {
        "images": [("POST", "images", {"json": {"rows": [0]}})],
        "reconstructions": [("POST", "images", {"json": {"rows": [0], "kind": "reconstruction"}})],
        "decode": [
            ("POST", "look", {"json": {"map": "pca", "x": 0, "y": 0}}),
            ("POST", "decode", {"content": pack(latents=LATENTS)}),
            ("GET", "manifold?map=pca", {}),
        ],
        "encode": [("POST", "drop", {"content": png(2, 2)})],
        "travel": [("POST", "travel", {"json": journey}), ("POST", "film", {"json": journey})],
        "dials": [("GET", "dials", {})],
        "motion": [("GET", "motion", {}), ("GET", "motion/0", {})],
        "training": [("GET", "training", {}), ("GET", "training/1", {})],
    }
    for method, address, more in addresses[ability]:
        response = client.request(method, f"{at}/{address}", **more)
        assert response.status_code == 409
        assert response.json()["error"] == f"no {ability} here"


def test_one_exhibit_is_compared_with_nothing(opened):
    response = opened(ToyExhibit()).get("/api/comparison?keys=0,1&map=pca")
    assert response.status_code == 409


def test_an_image_is_dropped_upright_and_on_black(client):
    body, arrays = told(client.post("/api/exhibits/0/drop", content=png(8, 4)))
    assert body["words"] == "8 × 4 brought to 16 × 16"
    assert arrays["latent"].tolist() == [0, 0]
    file = BytesIO()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (8, 4)).save(file, "JPEG", exif=turned)
    assert image_opened(file.getvalue()).shape == (8, 4, 3)
    clear = BytesIO()
    Image.new("RGBA", (2, 2), (255, 255, 255, 0)).save(clear, "PNG")
    assert image_opened(clear.getvalue()).max() == 0
    for mode in ("L", "P", "I;16", "1", "LA"):
        assert image_opened(png(3, 2, mode)).shape == (2, 3, 3)


def test_an_image_of_more_than_8_bits_is_brought_to_8_not_clipped():
    deep = BytesIO()
    values = np.array([[0, 257, 32_896, 65_535]], np.uint16)
    Image.fromarray(values).save(deep, "PNG")
    assert image_opened(deep.getvalue())[0, :, 0].tolist() == [0, 1, 128, 255]
    for top, wanted in ((1.0, [0, 128, 255]), (2.0, None)):
        file = BytesIO()
        Image.fromarray(np.array([[0, 0.5, top]], np.float32)).save(file, "TIFF")
        if wanted:
            assert image_opened(file.getvalue())[0, :, 0].tolist() == wanted
        else:
            with pytest.raises(answers.RefusedError, match="no image that can be read"):
                image_opened(file.getvalue())


@pytest.mark.parametrize(
    "size", [(8_000, 8_000), (10_000, 10_000), (100_000, 100_000), (2**31 - 1, 1)]
)
def test_an_image_of_too_many_pixels_is_refused_before_it_is_unpacked(client, size):
    """Its head says so; there is nothing behind the head that could be unpacked."""
    assert size[0] * size[1] > MOST_PIXELS
    response = client.post("/api/exhibits/0/drop", content=bare_png(*size))
    assert response.status_code == 413
    assert "pixels" in response.json()["error"]
    assert "40 megapixels" in response.json()["hint"]


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"hello",
        b"GIF89a",
        png(64, 64)[:50],
        b"%PDF-1.4",
        b"<svg/>",
        b"P5 1 1 255 \0",
        bare_png(8, 8),
    ],
)
def test_a_file_that_is_no_image_is_refused(client, file):
    response = client.post("/api/exhibits/0/drop", content=file)
    assert response.status_code == 422
    assert response.json()["hint"].startswith("known: PNG")


def test_the_page_keeps_what_has_not_changed(client):
    for address in ("exhibition", "exhibits/0/columns/label", "exhibits/0/maps/pca",
                    "exhibits/0/dials", "exhibits/0/training/1"):  # fmt: skip
        first = client.get(f"/api/{address}")
        tag = first.headers["etag"]
        assert not tag.startswith("W/")
        again = client.get(f"/api/{address}", headers={"If-None-Match": f'"x", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(f"/api/{address}", headers={"If-None-Match": '"x"'}).status_code == 200


def test_only_what_shrinks_is_compressed_and_only_for_others(monkeypatch, client):
    """The test's client is another machine by its name, `testclient`."""
    column = client.get("/api/exhibits/0/columns/label", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in column.headers  # 240 bytes are not worth it
    big = ToyExhibit(n=20_000)
    monkeypatch.setattr(client.app.state.desk.exhibits["0"], "column", big.column)
    headers = {"Accept-Encoding": "gzip"}
    with client.stream("GET", "/api/exhibits/0/columns/label", headers=headers) as response:
        raw = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["etag"].endswith('-gzip"')
    _, arrays = unpack(gzip.decompress(raw))
    np.testing.assert_array_equal(arrays["values"], big.column("label"))
    noise = client.get("/api/exhibits/0/columns/group/radius", headers=headers)
    assert "content-encoding" not in noise.headers
    monkeypatch.setattr(answers, "is_this_machine", lambda _: True)
    near = client.get("/api/exhibits/0/columns/label", headers=headers)
    assert "content-encoding" not in near.headers


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (UsageError("no way"), 400, "no way"),
        (DataError("bad data", "mend it"), 422, "bad data"),
        (RunError("the record /data/secret/runs/x.json is damaged", "see /home/me/log"), 500,
         "the record x.json is damaged"),
        (RuntimeError("/home/me/secret"), 500, "something failed in the program"),
        (MemoryError(), 500, "something failed in the program"),
    ],
)  # fmt: skip
def test_an_error_tells_no_folders_and_no_traceback(
    client, monkeypatch, caplog, error, status, words
):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(client.app.state.desk.exhibits["0"], "sample", fail)
    response = client.get("/api/exhibits/0/samples/1")
    assert response.status_code == status
    assert response.json()["error"] == words
    assert not {"secret", "/home", "Traceback"} & set(response.text.split('"'))
    assert "secret" not in response.text
    assert "/home" not in response.text
    told_at_home = "a request failed" in caplog.text
    assert told_at_home == (words == "something failed in the program")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("there is no record at /data/runs/a/b.json", "there is no record at b.json"),
        ("'/etc/x' and C:\\Users\\me\\run.json", "'x' and run.json"),
        ("~/runs/x and 3/4 of km/h, and/or", "x and 3/4 of km/h, and/or"),
        ("runs/x stays, 1 / 2 too", "runs/x stays, 1 / 2 too"),
    ],
)
def test_folders_are_cut(text, clean):
    assert without_folders(text) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("no file file:///home/me/a.npz", "no file a.npz"),
        ("no file file://localhost/home/me/a.npz", "no file a.npz"),
        ("no FILE:/home/me/a.npz", "no a.npz"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
        ("no /data of mine/runs/my vae/run.json here", "no run.json here"),
        ("the run /data of mine/runs/my vae has", "the run my vae has"),
        ("HOME/My Pictures/cat.png is gone", "My Pictures/cat.png is gone"),
        ("DATA/sprites.npz is gone", "sprites.npz is gone"),
        ("CWD/sprites.npz is gone", "sprites.npz is gone"),
    ],
)
def test_folders_that_are_known_are_cut_whatever_their_names(tmp_path, monkeypatch, text, clean):
    for name in ("HOME", "LATENTSCAPE_DATA", "CWD"):
        place = tmp_path / f"a {name} with spaces"
        place.mkdir()
        monkeypatch.setenv(name, str(place))
        text = text.replace(name.removeprefix("LATENTSCAPE_") + "/", f"{place}/")
    monkeypatch.chdir(tmp_path / "a CWD with spaces")
    assert without_folders(text, ["/data of mine/runs/my vae"]) == clean


@pytest.mark.parametrize("pixels", [218, 512, 1_024])
def test_a_grid_of_large_images_is_shown_in_small_tiles(opened, monkeypatch, pixels):
    client = opened(exhibit := ToyExhibit())
    card = exhibit.card.model_copy(update={"image_shape": (3, pixels, pixels)})
    monkeypatch.setattr(exhibit, "card", card)
    shown = Exhibition(version="0", exhibits=(card,))
    monkeypatch.setattr(client.app.state.desk.exhibits, "card", shown)
    monkeypatch.setattr(client.app.state.desk, "_read", -1e9)
    for side in (2, 20, 40):
        asked = client.get("/api/exhibits/0/manifold", params={"map": "pca", "side": side})
        assert asked.status_code == 200


def test_published_bounds_are_those_that_hold(client):
    """What the addresses let in, nothing behind them refuses."""
    schema = client.app.openapi()
    journey = schema["components"]["schemas"]["JourneyWanted"]["properties"]
    steps, rows = journey["n_steps"], journey["rows"]
    assert (steps["minimum"], steps["maximum"]) == (FEWEST_STEPS, MOST_STEPS)
    assert rows["maxItems"] == MOST_KEYS
    (side,) = (
        one["schema"]
        for one in schema["paths"]["/api/exhibits/{key}/manifold"]["get"]["parameters"]
        if one["name"] == "side"
    )
    assert (side["minimum"], side["maximum"]) == (2, MOST_TILES)


def test_the_cards_tell_no_folders(opened, monkeypatch):
    at = "/home/secret me/runs/vae"
    card = TOY.card.model_copy(
        update={
            "name": at,
            "provenance": TOY.card.provenance.model_copy(update={"data": f"folder:{at}"}),
            "warnings": (f"{at}/measures/a.json cannot be read",),
            "abilities": {"images": Ability(possible=False, why=f"gone from {at}", hint=at)},
        }
    )
    client = opened(exhibit := ToyExhibit())
    monkeypatch.setattr(exhibit, "card", card)
    at_desk = client.app.state.desk
    monkeypatch.setattr(at_desk.exhibits, "card", Exhibition(version="0", exhibits=(card,)))
    monkeypatch.setattr(at_desk.exhibits, "folders", (Path(at),))
    monkeypatch.setattr(at_desk, "_read", -1e9)
    body = client.get("/api/exhibition")
    assert "secret" not in body.text
    told_card = body.json()["exhibits"][0]
    assert told_card["name"] == "vae"
    assert told_card["warnings"] == ["measures/a.json cannot be read"]
    refused = client.post("/api/exhibits/0/images", json={"rows": [0]})
    assert refused.json() == {"error": "gone from vae", "hint": "vae"}


def test_nothing_warns_of_a_large_image():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert image_opened(png(8, 8)).shape == (8, 8, 3)
