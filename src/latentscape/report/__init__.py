"""Figures and the written report, from records only.

``latentscape.report(folder)`` is a verb, and ``latentscape.report`` is also this package's name.
Python sets a sub-package as an attribute of its parent the moment anything imports it, which would
hide the verb behind the module. So the module itself can be called: both doors work, in any order
of imports. Importing it does not import matplotlib.
"""

import sys
from pathlib import Path
from types import ModuleType

from latentscape.records import ReportRecord


class _Verb(ModuleType):
    """A module that is called as the verb of its name."""

    def __call__(self, folder: Path | str) -> ReportRecord:
        from latentscape.report.write import report

        return report(folder)


sys.modules[__name__].__class__ = _Verb
