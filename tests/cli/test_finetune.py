"""What finetune says at the terminal."""

from types import SimpleNamespace

from latentscape.cli.encode import _speed
from latentscape.cli.finetune import _difference_lines, _side_lines
from latentscape.cli.talk import reach
from latentscape.metrics import measured
from latentscape.records import Row


def told(*likelihoods: str) -> SimpleNamespace:
    before, after = (
        Row(name=name, measures=(measured("mse", mse, n=9), measured("distortion", nats, n=9)))
        for name, mse, nats in (("before", 0.1, 11996.0), ("after", 0.09, 2476.0))
    )
    return SimpleNamespace(before=before, after=after, likelihoods=likelihoods, differences=())


def test_sums_under_two_likelihoods_stand_side_by_side_nowhere_and_are_named():
    record = told("gaussian-fixed, σ 1", "gaussian")
    lines = _side_lines(record)
    assert not any("11996" in line or "2476" in line for line in lines)
    assert lines[-1].endswith("(gaussian-fixed, σ 1 before, gaussian after): distortion")
    assert not any("distortion" in line for line in _difference_lines(record))


def test_under_one_likelihood_they_do():
    record = told("gaussian", "gaussian")
    assert sum("distortion" in line for line in _side_lines(record)) == 2
    assert any("distortion" in line for line in _difference_lines(record))


def test_of_nothing_encoded_no_speed_is_told():
    assert _speed(0.0) == "speed    nothing was left to encode"
    assert (_speed(0.44), _speed(1234.5)) == ("speed    0.4 images/s", "speed    1,234 images/s")


def test_an_interval_keeps_its_width():
    assert reach(11308.6, 11309.7) == "[11308.6, 11309.7]"
    assert reach(11000.0, 12000.0) == "[11000, 12000]"
    assert reach(-0.5, 0.25, sign="+") == "[-0.5, +0.25]"
    assert reach(3.0, 3.0) == "[3, 3]"
    assert reach(0.12345678, 0.12346789) == "[0.123457, 0.123468]"
    assert reach(float("-inf"), float("inf")) == "[-inf, inf]"
