"""An exported page: how large it is, when it is ready, and how soon the pointer has its picture.

Exports a run (or opens a file that was exported), opens it from the disk in chromium with the
network off, and moves the pointer. How to read it: README.md beside this file.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = {"width": 1200, "height": 800}
GOALS = {"ready_ms": 1500.0, "pointer_ms": 20.0}
KEPT = HERE / "results" / "explorer_static.json"
PATIENCE = 120_000
# Says when the map was first drawn, when the pointer moved and when its picture was painted.
CLOCK = """
localStorage.setItem("latentscape-tour", "seen");
window.clock = { drawn: 0, moved: 0, painted: [] };
const large = (canvas) => canvas.width > 400;
const draw = (proto, name) => {
  const plain = proto[name];
  proto[name] = function (...words) {
    const answer = plain.apply(this, words);
    if (large(this.canvas) && !clock.drawn) clock.drawn = performance.now();
    if (this.canvas.closest?.(".ls-lens") && clock.moved) {
      clock.painted.push(performance.now() - clock.moved);
      clock.moved = 0;
    }
    return answer;
  };
};
draw(CanvasRenderingContext2D.prototype, "putImageData");
draw(CanvasRenderingContext2D.prototype, "drawImage");
draw(WebGL2RenderingContext.prototype, "drawArrays");
addEventListener("pointermove", () => { clock.moved = performance.now(); }, { capture: true });
"""
LOOKS = """async ([map, places]) => {
  const taken = [];
  for (const [x, y] of places) {
    const start = performance.now();
    await window.latentscape.source.look("0", map, x, y);
    taken.push(performance.now() - start);
  }
  return taken;
}"""


def main() -> None:
    """Measure and print."""
    words = read_words()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = words.thing if words.thing.suffix == ".html" else exported(words, Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        rounds = [opened(browser, path, words) for _ in range(words.rounds)]
        browser.close()
        told = summary(rounds, path)
    print(json.dumps(told, indent=1))
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(told, indent=1) + "\n")
    for name, goal in GOALS.items():
        verdict = "kept" if told[name] <= goal else "MISSED"
        print(f"{name:<12}{told[name]:>9.1f}  goal {goal:g}: {verdict}")


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("thing", type=Path, help="a run, or an exported file")
    parser.add_argument("--limit", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--moves", type=int, default=60)
    return parser.parse_args()


def exported(words: argparse.Namespace, folder: Path) -> Path:
    """The run as one file."""
    import latentscape

    record = latentscape.export(words.thing, "html", out=folder / "x.html", limit=words.limit)
    return Path(record.files[0])


def chromium() -> str:
    """The browser that is installed here."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise SystemExit("no chromium here; name one in CHROMIUM")
    return found


def opened(browser: Browser, path: Path, words: argparse.Namespace) -> dict[str, Any]:
    """One visit, in a context that knows nothing of the last."""
    context = browser.new_context(offline=True, viewport=SIZE)
    page = context.new_page()
    page.add_init_script(CLOCK)
    page.goto(path.absolute().as_uri())
    until(page, "clock.drawn > 0")
    page.evaluate("""async () => {
      const source = window.latentscape.source;
      await source.decode("0", await source.latents("0", [0]));
    }""")
    decoder_ms = page.evaluate("performance.now()")
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(0.25, 0.75, (words.moves, 2)):
        n = page.evaluate("clock.painted.length")
        page.mouse.move(x * SIZE["width"], y * SIZE["height"])
        until(page, f"clock.painted.length > {n}")
    told = page.evaluate("({ drawn: clock.drawn, painted: clock.painted })")
    look = page.evaluate(LOOKS, places(page, rng, words.moves))
    context.close()
    return {
        "ready_ms": told["drawn"],
        "decoder_ms": decoder_ms,
        "pointer_ms": told["painted"],
        "look_ms": look,
    }


def until(page: Any, words: str) -> None:
    """Wait; playwright's own way evaluates text in the page, which the page forbids."""
    for _ in range(PATIENCE // 20):
        if page.evaluate(words):
            return
        page.wait_for_timeout(20)
    raise SystemExit(f"waited in vain for {words}")


def places(page: Any, rng: np.random.Generator, n: int) -> list[Any]:
    """The first map's name, and places within it."""
    name, low, high = page.evaluate(
        """async () => {
          const source = window.latentscape.source;
          const [exhibit] = (await source.exhibition()).exhibits;
          const { positions } = await source.points("0", exhibit.maps[0].name);
          const side = (i) => [...positions].filter((_, at) => at % 2 === i).sort((a, b) => a - b);
          const sides = [side(0), side(1)];
          const at = (share) => sides.map((all) => all[Math.floor(share * all.length)]);
          return [exhibit.maps[0].name, at(0.05), at(0.95)];
        }"""
    )
    return [name, rng.uniform(low, high, (n, 2)).tolist()]


def summary(rounds: list[dict[str, Any]], path: Path) -> dict[str, Any]:
    """Medians; of the pointer over all moves of all visits."""
    moves = [ms for one in rounds for ms in one["pointer_ms"]]
    looks = [ms for one in rounds for ms in one["look_ms"]]
    return {
        "file_mb": round(path.stat().st_size / 1e6, 2),
        "ready_ms": statistics.median(one["ready_ms"] for one in rounds),
        "ready_most_ms": max(one["ready_ms"] for one in rounds),
        "decoder_ms": statistics.median(one["decoder_ms"] for one in rounds),
        "pointer_ms": statistics.median(moves),
        "pointer_p95_ms": float(np.quantile(moves, 0.95)),
        "look_ms": statistics.median(looks),
        "visits": len(rounds),
        "moves": len(moves),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


if __name__ == "__main__":
    main()
