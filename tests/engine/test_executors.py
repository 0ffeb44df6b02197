import os

import pytest

from latentscape.engine import LocalExecutor
from latentscape.errors import LatentscapeError, UsageError
from latentscape.testing.executor_contract import ExecutorContract


class TestOneProcess(ExecutorContract):
    def executor(self):
        return LocalExecutor()

    def test_shards_are_begun_only_as_results_are_taken(self):
        begun = []
        results = self.executor().map(begun.append, range(5))
        next(results)
        assert begun == [0]


@pytest.mark.engine
class TestSeveralProcesses(ExecutorContract):
    def executor(self):
        return LocalExecutor(n_processes=2)

    def test_the_work_is_done_elsewhere(self):
        assert os.getpid() not in {pid for _, pid in self.executor().map(os.getpgid, [0])}

    def test_a_process_that_dies_is_a_sentence(self):
        with pytest.raises(LatentscapeError, match="died"):
            list(self.executor().map(os._exit, [1]))


def test_no_process_does_no_work():
    with pytest.raises(UsageError):
        LocalExecutor(n_processes=0)
