"""What the program says: data on stdout; progress, warnings and hints on stderr."""

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentscape.records import Measure, Record, Row

WIDTH = 24
MOST_DIGITS = 12


def complain(message: str, hint: str | None = None) -> None:
    """One sentence on what went wrong and, on a line of its own, how to mend it."""
    print(f"error: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)


def say(message: str) -> None:
    """Talk to the person at the terminal."""
    print(message, file=sys.stderr)


def show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """A library's warning as one line; those that are for programmers stay unseen."""
    if not issubclass(category, (DeprecationWarning, FutureWarning, ImportWarning)):
        say(f"warning: {message}")


def give(record: "Record", lines: list[str], *, as_json: bool) -> None:
    """Print a result: the record itself with ``--json``, else the lines for people."""
    print(record.to_json() if as_json else "\n".join([*lines, *written(record)]))


def warn_if_lost(record: "Record") -> None:
    """Say that a record was written nowhere, as no run has a place for it."""
    if record.saved_at is None:
        say("warning: there is no run to keep this in, and it is kept nowhere; --out STEM does")


def written(record: "Record") -> list[str]:
    """Where a record lies, if it was written; one that has a folder says so itself."""
    known = record.saved_at is None or hasattr(record, "folder")
    return [] if known else [f"{'written':<24}{record.saved_at}"]


def measure_line(measure: "Measure") -> str:
    """A measure with its unit, interval and direction."""
    sign = {"higher": "higher is better", "lower": "lower is better"}.get(measure.better, "")
    unit = f" {measure.unit}" if measure.unit else ""
    interval = ""
    if measure.low is not None and measure.high is not None:
        interval = f"  {reach(measure.low, measure.high)}"
    beside = ""
    if measure.reference is not None:
        beside = f"  against {measure.reference.value:.4g} ({measure.reference.words})"
    words = f"{measure.name:<24}{measure.value:>12.5g}{unit:<20}{interval:<23} {sign}"
    return f"{words.rstrip()}{beside}"


def reach(low: float, high: float, *, digits: int = 4, sign: str = "") -> str:
    """An interval with as many digits as tell its ends apart, and whole thousands written out.

    >>> reach(11308.6, 11309.7), reach(0.25, 0.5)
    ('[11308.6, 11309.7]', '[0.25, 0.5]')
    """
    largest = max(abs(low), abs(high))
    whole = len(str(int(largest))) if largest < 1e7 else 0  # no exponent
    n = max(digits, whole)
    while True:
        ends = f"{low:{sign}.{n}g}", f"{high:{sign}.{n}g}"
        near = abs(float(ends[0]) - low) + abs(float(ends[1]) - high)
        if near <= (high - low) / 10 or not high > low or n >= MOST_DIGITS:
            break
        n += 1
    return f"[{ends[0]}, {ends[1]}]"


def row_lines(rows: Iterable["Row"]) -> list[str]:
    """Each row's name, measures and note, and what was not defined."""
    lines = []
    for row in rows:
        lines += [row.name, *(f"  {measure_line(measure)}" for measure in row.measures)]
        lines += [f"  {u.name}: not defined, {u.why}" for u in row.undefined]
        lines += [f"  {row.note}"] if row.note else []
    return lines


class Bar:
    """A progress bar with rate and time left, redrawn in place on a terminal, silent elsewhere."""

    def __init__(self, what: str):
        self.what = what
        self.started = self.drawn = time.monotonic()
        self.live = sys.stderr.isatty()

    def stage(self, text: str) -> None:
        """Say what comes next, and begin to count anew."""
        say(text)
        self.started = time.monotonic()

    def __call__(self, done: int, total: int, unit: str = "images") -> None:
        """Draw `done` of `total`."""
        speed = done / max(time.monotonic() - self.started, 1e-9)
        self.draw(done, total, speed, unit)

    def draw(
        self, done: int, total: int, speed: float, unit: str, left: float | None = None
    ) -> None:
        """Draw with a known speed, at most ten times a second."""
        now = time.monotonic()
        if not self.live or (now - self.drawn < 0.1 and done < total):
            return
        self.drawn = now
        full = round(WIDTH * done / max(total, 1))
        bar = "█" * full + "·" * (WIDTH - full)
        seconds = (total - done) / max(speed, 1e-9) if left is None else left
        line = (
            f"\r{self.what} {bar} {done:,}/{total:,} {unit}  {speed:,.0f}/s  {clock(seconds)} left"
        )
        sys.stderr.write(f"{line}\x1b[K")
        if done >= total:
            sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


class TrainingBar:
    """Hears the training loop: a bar within each epoch, one line after it."""

    def __init__(self, n_epochs: int):
        self.n_epochs = n_epochs
        self.bar = Bar("epoch")
        self.begun: float | None = None

    def on_step(self, epoch: int, step: int, n_steps: int, images_per_second: float) -> None:
        """Redraw; the time left is that of the whole training."""
        share = (epoch * n_steps + step) / (self.n_epochs * n_steps)
        if self.begun is None:  # a resumed run begins in the middle
            self.begun, self.bar.started = share, time.monotonic()
        elapsed = time.monotonic() - self.bar.started
        left = elapsed * (1 - share) / max(share - self.begun, 1e-9)
        self.bar.what = f"epoch {epoch + 1}/{self.n_epochs}"
        self.bar.draw(step, n_steps, images_per_second, "steps, images", left)

    def on_epoch(self, row: dict[str, float]) -> None:
        """One line an epoch: loss, of the validation images also its parts and units; speed."""
        bound = ""
        if "val_rate" in row:
            bound = f"  rate {row['val_rate']:.2f} nat  active {row['active_units']:.0f}"
        say(
            f"epoch {row['epoch']:>3.0f}/{self.n_epochs}  "
            f"train {row['train_loss']:.2f}; validation {row['val_loss']:.2f}  "
            f"distortion {row['val_distortion']:.2f}{bound}  "
            f"PSNR of mean MSE {row['psnr_of_mean_mse']:.2f} dB; "
            f"{row['images_per_second']:,.0f} images/s"
        )


def clock(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
