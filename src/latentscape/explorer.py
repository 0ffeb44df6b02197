"""The explorer: what runs have to show (`workflows.explore`), shown in a browser (`server`).

The one place where the two meet; see docs/decisions/0016.
"""

import sys
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from latentscape.errors import UsageError

if TYPE_CHECKING:
    from latentscape.server.exhibit import Exhibits
    from latentscape.server.widget import Explorer


def explore(
    *runs: str | Path,
    limit: int | None = None,
    device: str = "auto",
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    open_browser: bool = True,
) -> "Explorer | None":
    """Look at latent spaces in the browser, until Ctrl-C; in a notebook, in its cell.

    Needs torch only for what needs a model: maps, columns and original images are shown without.

    Args:
        *runs: Runs, folders of runs, or stores; opened together they can be compared.
        limit: Most samples of each; above, a seeded choice of them.
        device: Of the models: ``auto``, ``cpu``, ``cuda`` ...
        host: Address to listen at; other than this machine's own, the link carries a token.
        port: 0 is any free one; the first free one from 8765 if None.
        token: To be brought even from this machine.
        open_browser: Whether to open the page, where there is a screen.

    Returns:
        In a notebook the widget, which needs neither address nor port; elsewhere nothing.

    Raises:
        UsageError: If there is nothing to show, the address or port cannot be had, or a notebook
            lacks the ``notebook`` extra.
        RunError: If a run has no latents yet.
        StoreError, DataError: If latents are damaged, or none is finite.
    """
    from latentscape.server.serve import serve
    from latentscape.workflows.explore import open_exhibits

    exhibits = open_exhibits(runs, limit=limit, device=device)
    # The first look under the pointer is not to wait for torch; the map does not either.
    Thread(target=exhibits.warm, name="warm", daemon=True).start()
    if in_a_notebook():
        return widget_of(exhibits)
    serve(exhibits, host=host, port=port, token=token, open_browser=open_browser)
    return None


def in_a_notebook() -> bool:
    """Whether cells show what they come to: a Jupyter kernel, and no terminal."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ in ("ZMQInteractiveShell", "Shell")  # the latter is Colab's


def widget_of(exhibits: "Exhibits", *, height: int = 720) -> "Explorer":
    """Exhibits as a notebook's widget.

    Args:
        exhibits: What there is to see.
        height: Of the page, in pixels.

    Raises:
        UsageError: If anywidget is not installed, or the page is not built.
    """
    try:
        from latentscape.server.widget import Explorer
    except ImportError as error:
        raise UsageError(
            "a notebook needs anywidget to show the explorer",
            "pip install 'latentscape[notebook]', or run `latentscape explore` in a terminal",
        ) from error
    return Explorer(exhibits, height=height)
