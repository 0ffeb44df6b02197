"""Cells that tables share: a measure's heading, and its value with the interval beneath."""

from latentscape.records import Measure
from latentscape.report.markup import Html, joined, tag
from latentscape.report.words import interval, label, number


def heading(measure: Measure) -> Html:
    """The measure's name, its unit beneath."""
    unit = tag("span", measure.unit, class_="unit") if measure.unit else Html("")
    return joined([tag("span", label(measure.name)), unit])


def value(measure: Measure) -> Html:
    """The number, its interval beneath where one was computed."""
    between = interval(measure)
    small = tag("span", between, class_="interval") if between else Html("")
    return joined([tag("span", number(measure.value)), small])
