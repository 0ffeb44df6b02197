"""latentscape info."""

from typing import Annotated

import typer

from latentscape.cli.options import Json
from latentscape.cli.talk import give


def info(
    thing: Annotated[
        str,
        typer.Argument(metavar="THING", help="A run or other MODEL, store, record or DATA."),
    ],
    json: Json = False,
) -> None:
    """Tell what anything is."""
    from latentscape.workflows.info import info as tell

    record = tell(thing)
    lines = [f"{thing} is a {record.what}" if record.what != "data" else f"{thing} is data"]
    width = max((len(key) for key in record.facts), default=0) + 2
    lines += [f"  {key:<{width}}{value}" for key, value in record.facts.items()]
    give(record, lines, as_json=json)
