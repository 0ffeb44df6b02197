"""The explorer as one file: page, samples, images and decoder in a document that needs no server.

The document forbids itself any network by its own policy.
"""

import base64
import gzip
import hashlib
import html
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np

from latentscape.errors import RunError, UsageError
from latentscape.records import ExportRecord, refusal, replacing
from latentscape.records.packet import pack
from latentscape.workflows.explore import open_exhibits
from latentscape.workflows.export.gathered import Gathered, gather
from latentscape.workflows.export.request import Request

BUILT = ("static.js", "static.css", "decoder.js", "decoder.wasm.gz", "static-notices.txt")


def write_page(request: Request) -> ExportRecord:
    """Write a run's explorer as one HTML file.

    Raises:
        UsageError: If there is no such run, several, or the page is not built in this installation.
        RunError, StoreError, DataError: If the run has no latents, or they are damaged.
    """
    built = built_page()
    exhibits = list(open_exhibits(request.thing, device="cpu"))
    if len(exhibits) != 1:
        raise UsageError(f"{request.thing} is {len(exhibits)} runs", "export one of them")
    exhibit = exhibits[0]
    path = _path(request, exhibit.name)
    gathered = gather(exhibit, request)
    text = document(exhibit.name, gathered, built)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"{path} could not be written: {refusal(error)}", "make room, or write elsewhere"
        ) from error
    return ExportRecord(
        format="html",
        model=exhibit.provenance.model,
        model_sha256=exhibit.provenance.model_sha256,
        files=(str(path),),
        bytes=path.stat().st_size,
        facts=gathered.facts,
        notes=tuple(gathered.notes),
    )


def built_page() -> dict[str, bytes]:
    """The built page's parts by name.

    Raises:
        UsageError: If this installation has none.
    """
    folder: Traversable = files("latentscape") / "server" / "static"
    missing = [name for name in BUILT if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"the page is not built in this installation ({', '.join(missing)} missing)",
            "`make web` builds it in a clone of the repository; packages from pip have it",
        )
    return {name: (folder / name).read_bytes() for name in BUILT}


def _path(request: Request, name: str) -> Path:
    if request.out is not None and request.out.suffix.lower() in (".html", ".htm"):
        return request.out
    stem = name.replace("/", "-").strip("-") or "explorer"
    return request.folder(name) / f"{stem}.html"


def document(title: str, gathered: Gathered, built: dict[str, bytes]) -> str:
    """The whole text: first the page's script, then the data that it waits for."""
    script = _inline(built["static.js"], "script")
    style = _inline(built["static.css"], "style")
    policy = "; ".join(
        (
            "default-src 'none'",
            # The worker and the runtime come from the document itself.
            f"script-src '{_hash(script)}' 'wasm-unsafe-eval' blob:",
            f"style-src '{_hash(style)}'",
            "img-src data: blob:",
            "worker-src blob:",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    blocks = {"contents": _block(pack(gathered.body, **gathered.arrays))}
    if gathered.sheets is not None:
        pictures = {
            f"sheet-{i}": np.frombuffer(picture, np.uint8)
            for i, picture in enumerate(gathered.sheets.pictures)
        }
        blocks["pictures"] = _block(pack(None, **pictures))
    if gathered.decoder is not None:
        blocks["decoder"] = _block(gathered.decoder)
        blocks["runtime"] = base64.b64encode(built["decoder.wasm.gz"]).decode()
        blocks["worker"] = _block(built["decoder.js"])
    data = "".join(
        f'<script type="application/octet-stream" id="latentscape-{name}">{text}</script>\n'
        for name, text in blocks.items()
    )
    notices = html.escape(built["static-notices.txt"].decode())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(title)} · latentscape</title>\n"
        f'<link rel="icon" href="data:,">\n<style>{style}</style>\n</head>\n<body>\n'
        '<div id="latentscape-app"></div>\n'
        "<noscript>The explorer draws in your browser and needs JavaScript for it.</noscript>\n"
        f"<script>{script}</script>\n"
        f'{data}<template id="latentscape-notices"><pre>{notices}</pre></template>\n'
        '<span id="latentscape-end" hidden></span>\n</body>\n</html>\n'
    )


def _block(raw: bytes) -> str:
    return base64.b64encode(gzip.compress(raw, 6, mtime=0)).decode()


def _inline(raw: bytes, element: str) -> str:
    """Text that cannot end its own element."""
    text = raw.decode("utf-8").replace("\r\n", "\n")
    return text.replace(f"</{element}", f"<\\/{element}")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
