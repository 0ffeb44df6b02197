"""Saving and loading what verbs return."""

from pathlib import Path

import numpy as np
import pytest

from latentscape.errors import RunError
from latentscape.records import InfoRecord, Provenance, SheetRecord, load_record


@pytest.fixture
def sheet() -> SheetRecord:
    """A record with arrays."""
    return SheetRecord(
        provenance=Provenance(model="m", recipe="vae", data="d", split="test", n=4, seed=0),
        name="prior",
        title="Draws from the prior",
        note="",
        images=np.zeros((4, 1, 2, 2), np.uint8),
        latents=np.zeros((4, 2), np.float32),
        rows=2,
        columns=2,
    )


def test_a_record_knows_where_it_was_written_and_is_otherwise_the_same(sheet, tmp_path):
    before = sheet.to_json()
    assert sheet.saved_at is None
    path = sheet.save(tmp_path / "deep" / "sheet")
    assert sheet.saved_at == path == tmp_path / "deep" / "sheet.json"
    assert sheet.to_json() == before
    facts = InfoRecord(thing="x", what="run", facts={"n": 1})
    facts.save(tmp_path / "facts")
    assert facts == load_record(tmp_path / "facts")


@pytest.mark.parametrize("n_done", [0, 1])
def test_no_json_appears_before_its_arrays(sheet, tmp_path, monkeypatch, n_done):
    """As if killed before a rename, or between the two."""
    renamed, rename = [], Path.replace

    def killed(self: Path, target: Path) -> Path:
        if len(renamed) == n_done:
            raise KeyboardInterrupt
        renamed.append(target)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        sheet.save(tmp_path / "sheet")
    assert [path.name for path in renamed] == ["sheet.npz"][:n_done]
    with pytest.raises(RunError, match="no record"):
        load_record(tmp_path / "sheet")
    monkeypatch.setattr(Path, "replace", rename)
    sheet.save(tmp_path / "sheet")
    assert load_record(tmp_path / "sheet").images.shape == (4, 1, 2, 2)
