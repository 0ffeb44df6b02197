"""latentscape explore."""

from pathlib import Path
from typing import Annotated

import typer


def explore(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN ...", help="Runs, a folder of runs, or stores."),
    ],
    limit: Annotated[
        int | None, typer.Option(help="Most samples of each; a seeded choice of more.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Free from 8765 on if left out; 0 any.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this machine need the link.")
    ] = "127.0.0.1",
    token: Annotated[str | None, typer.Option(help="To be brought even from this machine.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
    device: Annotated[str, typer.Option(help="Of the models: auto, cpu, cuda ...")] = "auto",
) -> None:
    """Look at latent spaces in the browser: maps, images under the pointer, ways, comparisons."""
    from latentscape.explorer import explore as run

    run(*runs, limit=limit, device=device, host=host, port=port, token=token,
        open_browser=browser)  # fmt: skip
