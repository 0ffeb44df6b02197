"""`GET /` and `/static/NAME`: the page itself, as `make web` built it."""

from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from latentscape.server.answers import RefusedError, kept

router = APIRouter()

MEDIA = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
}
NEEDED = ("widget.js", "widget.css")
HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<title>latentscape</title>
"""
PAGE = f"""{HEAD}<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/widget.css">
<script type="module" src="/static/widget.js"></script>
</head>
<body>
<div id="latentscape-app"></div>
<noscript>The explorer draws in your browser and needs JavaScript for it.</noscript>
</body>
</html>
"""
UNBUILT = (
    "The explorer's page is not built yet",
    "This installation has the program but not the page. In a clone of the repository, "
    "<code>make web</code> builds it (Node 20 or newer); packages that are installed with pip have "
    "it already. Reload afterwards.",
)
LOCKED = (
    "This explorer is not open to everyone",
    "Open the link that <code>latentscape explore</code> printed, with its token. If you did: the "
    "program was started again since, and has a new one.",
)


def told(title: str, words: str, status: int) -> Response:
    """A page that only says something.

    Args:
        words: HTML; nothing that came with a request.
    """
    text = f"{HEAD}</head>\n<body>\n<h1>{title}</h1>\n<p>{words}</p>\n</body>\n</html>\n"
    return Response(text, status, media_type="text/html; charset=utf-8")


def static_files() -> dict[str, bytes]:
    """The built page's files by name; there is no way from a request to any other file."""
    folder = files("latentscape.server") / "static"
    if not folder.is_dir():
        return {}
    return {
        file.name: file.read_bytes()
        for file in folder.iterdir()
        if file.is_file() and _ending(file.name) in MEDIA
    }


def _ending(name: str) -> str:
    return f".{name.rpartition('.')[2]}"


@router.get("/", include_in_schema=False)
async def page(request: Request) -> Response:
    """The page, or how to get it."""
    built = request.app.state.static
    if not all(name in built for name in NEEDED):
        return told(*UNBUILT, status=503)
    return Response(PAGE, media_type="text/html; charset=utf-8")


@router.get("/static/{name}", include_in_schema=False)
async def static(request: Request, name: Annotated[str, Path(max_length=100)]) -> Response:
    """A file of the page."""
    built = request.app.state.static
    if name not in built:
        raise RefusedError(
            404, f"there is no file {name!r} in the page", "make web builds the page"
        )
    return kept(request, built[name], MEDIA[_ending(name)])
