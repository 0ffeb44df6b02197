"""The explorer: what runs have to show (`workflows.explore`), shown in a browser (`server`).

The one place where the two meet; see docs/decisions/0016.
"""

from pathlib import Path
from threading import Thread


def explore(
    *runs: str | Path,
    limit: int | None = None,
    device: str = "auto",
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    open_browser: bool = True,
) -> None:
    """Look at latent spaces in the browser, until Ctrl-C.

    Needs torch only for what needs a model: maps, columns and original images are shown without.

    Args:
        *runs: Runs, folders of runs, or stores; opened together they can be compared.
        limit: Most samples of each; above, a seeded choice of them.
        device: Of the models: ``auto``, ``cpu``, ``cuda`` ...
        host: Address to listen at; other than this machine's own, the link carries a token.
        port: 0 is any free one; the first free one from 8765 if None.
        token: To be brought even from this machine.
        open_browser: Whether to open the page, where there is a screen.

    Raises:
        UsageError: If there is nothing to show, or the address or port cannot be had.
        RunError: If a run has no latents yet.
        StoreError, DataError: If latents are damaged, or none is finite.
    """
    from latentscape.server.serve import serve
    from latentscape.workflows.explore import open_exhibits

    exhibits = open_exhibits(runs, limit=limit, device=device)
    # The first look under the pointer is not to wait for torch; the map does not either.
    Thread(target=exhibits.warm, name="warm", daemon=True).start()
    serve(exhibits, host=host, port=port, token=token, open_browser=open_browser)
