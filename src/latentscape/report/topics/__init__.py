"""What a run's section says on each topic: pictures and tables from the topic's own record.

One file a topic. Each has `blocks(contents, figure)`: what stands in the section, in order, and
nothing where the run holds no such record. `figure` draws a `Picture` into the section.
"""

from collections.abc import Callable

from latentscape.report.markup import Html
from latentscape.report.picture import Picture

Figure = Callable[[Picture], Html]
