"""Figures and the written report, from records only.

``latentscape.report(folder)`` is a verb, and ``latentscape.report`` is also this package's name.
Python sets a sub-package as an attribute of its parent the moment anything imports it, which would
hide the verb behind the module. So the module itself can be called: both doors work, in any order
of imports. Importing it does not import matplotlib.
"""

from latentscape.callable_room import called_as_verb

called_as_verb(__name__, "latentscape.report.write")
