"""What finetune says at the terminal."""

from types import SimpleNamespace

from latentscape.cli.encode import _speed
from latentscape.cli.finetune import _difference_lines, _side_lines
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
