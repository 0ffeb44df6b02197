"""The explorer's map in a browser: does it draw what it is given, and how fast.

Builds a page that holds nothing but the map, opens it in chromium and draws made-up points. With
`--check` it compares what is on the screen with what was planted there, in both painters. How to
read it: README.md beside this file.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
WEB = HERE.parent / "web"
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HTML = """<!doctype html><meta charset="utf-8"><title>map</title><link rel="icon" href="data:,">
<style>html,body{margin:0;height:100%}#map{width:100vw;height:100vh}</style>
<div id="map"></div><script src="page.js"></script>"""
BUILD = """
import { createRequire } from "node:module";
const [web, entry, out] = process.argv.slice(1);
const vite = createRequire(web + "/")("vite");
await vite.build({
  root: web, configFile: false, logLevel: "warn",
  build: { outDir: out, emptyOutDir: false,
    lib: { entry, formats: ["iife"], name: "page", fileName: () => "page.js" } },
});
"""
SIZE = {"width": 1200, "height": 800}
GOALS = {
    "first_ms": {100_000: 1000.0, 1_000_000: 3000.0},
    "pick_most_ms": {100_000: 16.0, 1_000_000: 16.0},
    "lasso_ms": {100_000: 100.0, 1_000_000: 100.0},
}
KEPT = HERE / "results" / "explorer_scatter.json"


def main() -> None:
    """Measure or check, and print."""
    words = read_words()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(folder)
        build(site)
        for n in words.points:
            plant(site, n)
        address = serve(site)
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        if words.check:
            check(browser, address)
        else:
            time(browser, address, words)
        browser.close()


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--painters", nargs="+", default=["auto"], help="auto, splat, webgl")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="compare pictures, time nothing")
    return parser.parse_args()


def build(site: Path) -> None:
    """The page and its script."""
    entry = str(HERE / "explorer_scatter.ts")
    command = ["node", "--input-type=module", "-e", BUILD, str(WEB), entry, str(site)]
    subprocess.run(command, check=True, cwd=WEB)
    (site / "index.html").write_text(HTML)


def plant(site: Path, n: int) -> None:
    """A file of points and classes: ten bent clusters of unlike size on a thin ground."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 10, n)
    turn, reach = labels * 2.39996, 3 + 1.7 * np.sqrt(labels)
    along = rng.normal(size=n) * (1 + 0.12 * labels)
    across = rng.normal(size=n) * 0.45 + 0.3 * along**2
    x = reach * np.cos(turn) + along * np.cos(turn + 1) - across * np.sin(turn + 1)
    y = reach * np.sin(turn) + along * np.sin(turn + 1) + across * np.cos(turn + 1)
    positions = np.stack([x, y], axis=1)
    ground = rng.random(n) < 0.04
    positions[ground] = rng.normal(scale=5, size=(int(ground.sum()), 2))
    with (site / f"{n}.bin").open("wb") as file:
        file.write(positions.astype("<f4").tobytes())
        file.write(labels.astype("<f4").tobytes())


def serve(site: Path) -> str:
    """A server of the folder, in a thread of its own; its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/"


def chromium() -> str | None:
    """The system's browser where there is one; else playwright's own."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def open_page(browser: Browser, address: str, **options: Any) -> Page:
    """A fresh page whose faults are ours."""
    page = browser.new_context(viewport=SIZE, **options).new_page()
    page.on("pageerror", lambda fault: (_ for _ in ()).throw(AssertionError(fault)))
    page.goto(address)
    return page


def time(browser: Browser, address: str, words: argparse.Namespace) -> None:
    """A row for each painter and number of points: the median over rounds of each figure."""
    rows = []
    for painter in words.painters:
        for n in words.points:
            runs = []
            for _ in range(words.rounds):
                page = open_page(browser, address)
                runs.append(page.evaluate("p => bench.measure(...p)", [n, painter, f"{n}.bin"]))
                page.context.close()
            rows.append({**runs[0], **medians(runs)})
    table(rows)
    KEPT.parent.mkdir(exist_ok=True)
    about = {"machine": platform.platform(), "browser": browser.version, "rounds": words.rounds}
    KEPT.write_text(json.dumps({**about, "rows": rows}, indent=1))


def medians(runs: list[dict[str, Any]]) -> dict[str, float]:
    """The median of every figure."""
    names = [name for name in runs[0] if name.endswith("_ms")]
    return {name: float(np.median([run[name] for run in runs])) for name in names}


def table(rows: list[dict[str, Any]]) -> None:
    """Figures, and beside those that have one their goal."""
    print(f"{SIZE['width']}×{SIZE['height']} px, load {os.getloadavg()[0]:.1f} at the end\n")
    print(
        "| painter | points | first drawn, ms | of it the map, ms | all points, ms a frame "
        "| panning, ms a frame (every) | pick, median | pick, slowest | lasso |"
    )
    print("|" + "---|" * 9)
    for row in rows:
        n = row["n"]

        def goal(name: str, n: int = n) -> str:
            most = GOALS[name].get(n)
            return "" if most is None else f" (goal {most:g})"

        print(
            f"| {row['painter']} | {n:,} | {row['first_ms']:.0f}{goal('first_ms')} "
            f"| {row['own_ms']:.0f} | {row['full_ms']:.0f} "
            f"| {row['pan_ms']:.0f} ({row['stride']}) | {row['pick_ms']:.2f} "
            f"| {row['pick_most_ms']:.1f}{goal('pick_most_ms')} "
            f"| {row['lasso_ms']:.0f}{goal('lasso_ms')} |"
        )


def check(browser: Browser, address: str) -> None:
    """Two planted clusters are where they should be, in both painters; fails by an assertion."""
    for painter in ("splat", "webgl"):
        for ratio in (1, 2):
            page = open_page(browser, address, device_scale_factor=ratio)
            for n in (40, 40_000):
                found = page.evaluate("p => bench.check(...p)", [painter, n])
                print(painter, f"ratio {ratio}", f"{n:,} points", json.dumps(found))
                assert all(found.values()), found
            page.context.close()
    page = open_page(browser, address)
    found = page.evaluate("bench.checkLoss()")
    print("a lost context", json.dumps(found))
    assert all(found.values()), found


if __name__ == "__main__":
    main()
