"""What every Executor must do. Subclass, give `executor`, and pytest runs the rest."""

# ruff: noqa: D102 - the name of a test is its sentence

from abc import ABC, abstractmethod
from functools import partial

from latentscape.engine import Executor
from latentscape.errors import DataError


def power(exponent: int, shard: int) -> int:
    """A task: config and shard to result."""
    return shard**exponent


def fail_on_three(shard: int) -> int:
    """A task that one shard breaks."""
    if shard == 3:
        raise DataError("shard 3 is broken", "leave it out")
    return shard


class ExecutorContract(ABC):
    """Any executor gives the same results as a plain loop."""

    @abstractmethod
    def executor(self) -> Executor:
        """A fresh executor."""

    def test_every_shard_comes_back_once_with_its_own_result(self):
        done = list(self.executor().map(partial(power, 2), range(7)))
        assert sorted(done) == [(shard, shard**2) for shard in range(7)]

    def test_no_shards_give_no_results(self):
        assert list(self.executor().map(partial(power, 2), [])) == []

    def test_an_error_in_a_task_arrives_with_its_hint(self):
        import pytest  # not at the top: worker processes import this module too

        with pytest.raises(DataError, match="shard 3 is broken") as caught:
            list(self.executor().map(fail_on_three, range(6)))
        assert caught.value.hint == "leave it out"

    def test_an_executor_can_be_used_again(self):
        executor = self.executor()
        first = sorted(executor.map(partial(power, 3), range(3)))
        assert sorted(executor.map(partial(power, 3), range(3))) == first
