"""The explorer in a notebook: the same page, the same app, messages in place of a port.

Needs anywidget (the ``notebook`` extra); imported only where a notebook asks for it.
"""

from typing import Any

import anywidget
import traitlets

from latentscape.errors import UsageError
from latentscape.server.app import make_app
from latentscape.server.courier import Answer, Courier
from latentscape.server.exhibit import Exhibits
from latentscape.server.resources.page import static_files

PARTS = ("widget.js", "widget.css")


class Explorer(anywidget.AnyWidget):
    """Exhibits in a notebook's cell.

    Each message asks for something below ``/api/``: ``{id, method, path, type}`` and the body as a
    buffer; the answer is ``{id, status, type}`` and its body. ``{id, abort}`` gives a request up.

    Args:
        exhibits: What there is to see.
        height: Of the page, in pixels.

    Raises:
        UsageError: If the page is not built in this installation.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(720).tag(sync=True)
    _courier: Courier | None = None

    def __init__(self, exhibits: Exhibits, *, height: int = 720):
        built = static_files()
        if not all(part in built for part in PARTS):
            raise UsageError(
                "the page is not built in this installation",
                "`make web` builds it in a clone of the repository; packages from pip have it",
            )
        script, style = (built[part].decode() for part in PARTS)
        super().__init__(_esm=script, _css=style, height=height)
        self._courier = Courier(make_app(exhibits))
        self.on_msg(self._heard)

    def _heard(self, _: Any, content: Any, buffers: list[Any]) -> None:
        if isinstance(content, dict) and self._courier is not None:
            body = bytes(buffers[0]) if buffers else b""
            self._courier.ask(content, body, self._answered)

    def _answered(self, name: str, answer: Answer) -> None:
        told = {"id": name, "status": answer.status, "type": answer.type}
        self.send(told, buffers=[answer.body])

    def close(self) -> None:
        """Let go of the model and of what answers it."""
        if self._courier is not None:
            self._courier.close()
        super().close()
