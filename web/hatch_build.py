"""Puts the built page into the wheel: built here where it is missing and Node is at hand.

A package without its page would open on an empty window, so nothing is built without every file.
An editable install needs no page; `make web` builds it when it is wanted.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = (
    "widget.js", "widget.css", "notices.txt",
    "static.js", "static.css", "decoder.js", "decoder.wasm.gz", "static-notices.txt",
)  # fmt: skip
MEND = "run `make web` (Node 20 or newer), then build again"


class PageHook(BuildHookInterface):
    """Called by hatchling before it gathers files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Have every file of the page, or fail."""
        if self.target_name == "wheel" and version == "editable":
            return
        root = Path(self.root)
        if missing(root) and (root / "web" / "package.json").exists() and shutil.which("npm"):
            build(root / "web")
        lost = missing(root)
        if lost:
            raise RuntimeError(f"the page is not built: {', '.join(lost)} missing; {MEND}")


def missing(root: Path) -> list[str]:
    """Files of the page that are not there, or are empty."""
    folder = root / "src" / "latentscape" / "server" / "static"
    files = {name: folder / name for name in FILES}
    return [name for name, path in files.items() if not path.is_file() or not path.stat().st_size]


def build(web: Path) -> None:
    """As `make web`."""
    if not (web / "node_modules").is_dir():
        fetch = ["npm", "install", "--no-save", "--no-audit", "--no-fund"]
        subprocess.run(fetch, cwd=web, check=True)
    subprocess.run(["npm", "run", "build"], cwd=web, check=True)
