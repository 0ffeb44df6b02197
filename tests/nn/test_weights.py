import hashlib
from zipfile import ZipFile

import pytest
import torch

from latentscape.errors import ModelError
from latentscape.nn.weights import PublishedWeights, read_weights


@pytest.fixture
def archives(monkeypatch) -> list[ZipFile]:
    """The archives whose parts were checked."""
    checked, plain = [], ZipFile.testzip

    def testzip(self):
        checked.append(self)
        return plain(self)

    monkeypatch.setattr(ZipFile, "testzip", testzip)
    return checked


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A file of weights under its published name, and its sha256."""
    monkeypatch.setenv("LATENTSCAPE_CACHE", str(tmp_path))
    path = PublishedWeights((), "https://example.org/net.pth", "").cached
    path.parent.mkdir()
    torch.save({"a.weight": torch.ones(4), "b.weight": torch.zeros(2)}, path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_is_the_published_one_is_not_checked_part_by_part(weights, archives):
    path, sha256 = weights
    ours = PublishedWeights((), "https://example.org/net.pth", sha256[:8])
    state, found = ours.read(path, prefix="a.")
    assert found == sha256
    assert list(state) == ["a.weight"]
    assert not archives


def test_other_files_are_checked_and_closed(weights, archives):
    path, sha256 = weights
    other = path.rename(path.with_name("net-half.pth"))
    ours = PublishedWeights((), "https://example.org/net.pth", sha256[:8])
    assert len(ours.read(other)[0]) == 2
    assert [archive.fp for archive in archives] == [None]


def test_a_flipped_bit_is_found_whether_or_not_the_file_is_published(weights, archives):
    path, sha256 = weights
    raw = bytearray(path.read_bytes())
    raw[raw.index(torch.ones(4).numpy().tobytes())] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ModelError, match="cannot be read"):
        read_weights(path)
    with pytest.raises(ModelError, match="cannot be read"):
        PublishedWeights((), "https://example.org/net.pth", sha256[:8]).read(path)
    assert all(archive.fp is None for archive in archives)


def test_a_whole_file_under_a_published_name_must_be_the_published_one(weights):
    path, _ = weights
    with pytest.raises(ModelError, match="not the published file") as error:
        PublishedWeights((), "https://example.org/net.pth", "0123").read(path)
    assert error.value.hint
