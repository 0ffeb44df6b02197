import latentscape.metrics as metrics
from latentscape.metrics import CATALOGUE, Interval, measured


def test_every_entry_declares_a_direction_and_ordered_bounds():
    for name, entry in CATALOGUE.items():
        assert name.isidentifier()
        assert entry.better in ("higher", "lower", "neither")
        assert entry.meaning
        low, high = entry.bounds
        assert low is None or high is None or low < high


def test_a_measure_carries_interval_and_meaning():
    measure = measured("rate", 3, n=7, interval=Interval(2, 4, "by hand"), note="of ten")
    assert (measure.low, measure.high, measure.interval, measure.n) == (2, 4, "by hand", 7)
    assert measure.unit == "nat"
    assert measure.note.endswith("per image; of ten")


def test_public_names_are_all_there():
    for name in metrics.__all__:
        found = getattr(metrics, name)
        assert not hasattr(found, "__path__")
        assert type(found).__name__ != "module"
    assert sorted(metrics.__all__) == sorted(set(metrics.__all__))
