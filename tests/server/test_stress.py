"""Many clients that drag at the same time, as the benchmark has them, against a toy."""

import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "explorer_server.py"
SCRIPT = """
from latentscape.server.serve import serve
from latentscape.testing.exhibits import ToyExhibits
serve(ToyExhibits(), port=0, open_browser=False)
"""


@pytest.fixture
def bench(monkeypatch):
    spec = importlib.util.spec_from_file_location("explorer_server", PATH)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "explorer_server", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_fifty_clients_drag_without_an_error_and_memory_is_flat(bench, awaited):
    with bench.a_server(SCRIPT) as (link, process):
        awaited(bench.dragging(link, process, n_clients=50, seconds=3))  # all is warm
        tally = awaited(bench.dragging(link, process, n_clients=50, seconds=8))
        assert process.num_threads() < 20
    assert set(tally.statuses) == {200}
    assert tally.turned_away > 0
    quarter = len(tally.bytes_held) // 4
    first, last = tally.bytes_held[:quarter], tally.bytes_held[-quarter:]
    assert max(last) < max(first) + 8 * 2**20
