"""One run's part of the page, in the order in which one asks: learnt? how? where? on the way?"""

import json
import shlex
from functools import partial
from pathlib import Path
from typing import Any

from latentscape.report import markup
from latentscape.report.comparison_table import anchor
from latentscape.report.figures import atlas, curves, dots, grids, maps, movement, strips
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, columns, joined, sentences, tag
from latentscape.report.picture import Picture, latent_words, small_print
from latentscape.report.tables import measure_table
from latentscape.report.topics import (
    collapse,
    disentanglement,
    finetuning,
    generation,
    motion,
    prediction,
    reconstruction,
    structure,
    trajectories,
)
from latentscape.report.verdict import concerns, verdicts
from latentscape.report.words import label, number

TOUR = """python -c 'import sys, latentscape; latentscape.tour(sys.argv[1])' {run}"""
RESUME = "latentscape train {data} --out {run} --resume"
BEGUN = "and the words it was begun with, which stand under Provenance"
PROJECT = "latentscape project {run}/stores/{store}"
LARGEST_ANIMATION = 3_500_000  # bytes
SNAPSHOT_IMAGES = 24  # that training draws at most: 6 rows of 4 beside their reconstructions


class Section:
    """A run's section, and the pictures drawn for it.

    Args:
        contents: What the run folder holds.
        heading: What stands over it.
        is_folded: Whether all but what it learnt opens at a click, as among many runs.
    """

    def __init__(self, contents: RunContents, *, heading: str, is_folded: bool = False):
        self.heading = heading
        self._is_folded = is_folded
        self.contents = contents
        self.id = anchor(contents.name)
        self.pictures: list[Picture] = []
        self._missing: list[Html] = []

    def html(self) -> Html:
        """The section, heading to provenance."""
        parts = [
            self._learnt(),
            self._part("Before and after", finetuning.blocks(self.contents, self._figure)),
            self._training(),
            self._drawing(),
            self._space(),
            self._travelling(),
            self._moving(),
        ]
        head = tag(
            "header",
            tag("h2", self.heading),
            facts(self.contents),
            warnings(self.contents),
            sentences(self._verdicts(), class_="verdicts"),
        )
        return tag("section", head, *parts, self._absent(), provenance(self.contents), id=self.id,
                   class_="run")  # fmt: skip

    def _verdicts(self) -> list[str]:
        records = self.contents.reconstructions
        return verdicts(records[0]) if records else []

    def _learnt(self) -> Html:
        records = self.contents.reconstructions
        if not records:
            self._miss("reconstruction measures", "latentscape measure reconstruction {run}")
        blocks: list[Html] = []
        for i, record in enumerate(records):
            told = record.provenance
            split = f"{told.split or i}{'' if told.posterior == 'mean' else '-sample'}"
            pictures = grids.reconstructions(record)
            forest = dots.measures(record)
            figures = [self._figure(p, suffix=f"-{split}" if i else "") for p in pictures]
            figures += [self._figure(forest, suffix=f"-{split}" if i else "")] if forest else []
            blocks += [columns(figures), measure_table(record)]
            more = f"-{split}" if i else ""
            blocks += reconstruction.blocks(record, partial(self._figure, suffix=more))
        blocks += collapse.blocks(self.contents, self._figure)
        return _part("Did it learn?", blocks)

    def _training(self) -> Html:
        if not self.contents.is_run:
            return Html("")
        run, moved = self.contents.run, self.contents.positions()
        blocks = [self._snapshots(SNAPSHOT_IMAGES if moved is None else moved[0].shape[1])]
        if run is None:
            self._miss("training record", RESUME, BEGUN)
        figures = [self._figure(p) for p in curves.curves(run)] if run else []
        if moved is not None:
            names = _class_names(self.contents)
            picture = movement.movement(
                *moved,
                self.contents.validation,
                class_names=names,
                epochs=self.contents.epochs(len(moved[0])),
            )
            figures += [self._figure(picture)] if picture else []
        return self._part("How it learnt", [*blocks, columns(figures)])

    def _drawing(self) -> Html:
        sheets = self.contents.sheets
        if not sheets:
            self._miss("samples and manifolds", TOUR)
        blocks = [columns([self._figure(grids.sheet(s)) for s in sheets])]
        blocks += generation.blocks(self.contents, self._figure)
        return self._part("What it can draw", blocks)

    def _space(self) -> Html:
        found = self.contents.maps
        if not found:
            store = self.contents.store
            first = "" if store else "latentscape encode {run} && "
            self._miss("maps", first + PROJECT)
        plane = motion.plane_of(self.contents)
        pictures = [*atlas.atlases(found), *(maps.latent_map(record, plane) for record in found)]
        blocks = [columns([self._figure(picture) for picture in pictures])]
        blocks += structure.blocks(self.contents, self._figure)
        blocks += disentanglement.blocks(self.contents, self._figure)
        return self._part("How the space is organised", blocks)

    def _travelling(self) -> Html:
        found = self.contents.trajectories
        if not found:
            any_two = "" if len(_class_names(self.contents)) > 1 else " --pairs random"
            self._miss("interpolations", "latentscape interpolate {run}" + any_two)
        figures = [self._figure(strips.strips(record)) for record in found]
        judged = trajectories.blocks(self.contents, self._figure)
        return self._part("From here to there", [columns(figures), *judged])

    def _moving(self) -> Html:
        known = motion.blocks(self.contents, self._figure)
        predicted = prediction.blocks(self.contents, self._figure)
        return self._part("Does it know motion?", [*known, *predicted])

    def _figure(self, picture: Picture, *, suffix: str = "") -> Html:
        taken = {p.words.name for p in self.pictures}
        picture = picture.renamed(picture.words.name + suffix, taken)
        self.pictures.append(picture)
        return markup.figure(picture, prefix=self.id)

    def _part(self, title: str, blocks: list[Html]) -> Html:
        inside = [block for block in blocks if block]
        if not self._is_folded or not inside:
            return _part(title, inside)
        head = tag("summary", tag("h3", title))
        return tag("details", head, *inside, class_="part")

    def _snapshots(self, n_validation: int) -> Html:
        shots, gif = self.contents.snapshots, self.contents.animation
        if not shots and gif is None:
            self._miss("snapshots of training", RESUME, BEGUN)
            return Html("")
        what = "Validation images beside their reconstructions, and draws from the prior"
        figures, left_out = [], Html("")
        n_shown = min(SNAPSHOT_IMAGES, n_validation)
        small = small_print(self.contents.validation, "the first epoch", n=n_shown)
        read = (
            "Left: pairs of a validation image and its reconstruction; right: images decoded from "
            "the same random latents every epoch."
        )
        if gif is not None and gif.stat().st_size > LARGEST_ANIMATION:
            left_out = _too_large(gif)
        elif gif is not None:
            moving = markup.image(gif, alt=f"{what}, one frame an epoch")
            figures.append(_shot("Training, epoch by epoch", moving, read, small, "shot-moving"))
        still = [shots[0], shots[-1]] if len(shots) > 1 else shots
        for path in still:
            epoch = path.stem.removeprefix("epoch-").lstrip("0") or "0"
            picture = markup.image(path, alt=f"{what}, epoch {epoch}")
            said = read if path == still[0] else f"The same as it stood after epoch {epoch}."
            kind = "shot-first" if figures and path == still[0] and len(still) > 1 else None
            figures.append(_shot(f"Epoch {epoch}", picture, said, small, kind))
        return joined([left_out, columns(figures)]) if left_out else columns(figures)

    def _miss(self, what: str, command: str, more: str = "") -> None:
        if not self.contents.is_run:
            return
        words = {
            "run": shlex.quote(str(self.contents.folder)),
            "data": shlex.quote(self.contents.source),
            "store": self.contents.store or self.contents.usual_store,
        }
        line = tag("code", command.format(**words)) + (tag("span", f" {more}") if more else "")
        self._missing.append(Html(tag("span", f"{what[0].upper()}{what[1:]}: ") + line))

    def _absent(self) -> Html:
        if not self._missing:
            return Html("")
        return tag(
            "aside",
            tag("h3", "Not here yet, and what makes it"),
            sentences(self._missing),
            class_="absent",
        )


def _too_large(film: Path) -> Html:
    size = f"{film.stat().st_size / 1e6:.1f} MB"
    return tag(
        "p", f"The film of training ({size}) is too large for this page; it lies at ",
        tag("code", str(film)), ".", class_="small",
    )  # fmt: skip


def facts(contents: RunContents) -> Html:
    """The run in a few pairs of word and value."""
    prov, run, model = contents.provenance, contents.run, contents.about.get("model", {})
    pairs = {
        "recipe": prov.recipe,
        "data": prov.data,
        "latent": latent_words(prov.latent_shape),
        "network": str(model.get("network", "")),
        "likelihood": str(model.get("likelihood", "")),
        "seed": str(prov.seed),
    }
    if run is not None:
        told = run.history.columns.get("epoch", (0,))
        epochs = int(max(told, default=0))  # of a fine-tuned run there is a row before the first
        pairs |= {
            "parameters": f"{run.n_parameters:,}",
            "epochs": f"{epochs} ({run.stopped})",
            "speed": f"{run.images_per_second:,.0f} images/s",
            "on": f"{run.device}, {run.precision}",
        }
        pairs |= {f"test {label(m.name)}": f"{number(m.value)} {m.unit}".strip()
                  for m in run.test if m.name in ("elbo", "mse")}  # fmt: skip
    cells = [tag("div", tag("dt", k), tag("dd", v)) for k, v in pairs.items() if v]
    return tag("dl", *cells, class_="facts")


def warnings(contents: RunContents) -> Html:
    """Warnings, each with the word before it."""
    lines = concerns(contents.run, contents.reconstructions) + contents.unreadable
    said = [Html(tag("b", "Warning: ") + tag("span", line)) for line in lines]
    return sentences(said, class_="warnings")


def provenance(contents: RunContents) -> Html:
    """Everything needed to make the run again."""
    if not contents.is_run:
        told = {stem: getattr(record, "provenance", None) for stem, record in contents.records}
        text = {stem: p.model_dump(mode="json") for stem, p in told.items() if p is not None}
        words = json.dumps(text, indent=2, ensure_ascii=False)
        return tag("details", tag("summary", "Provenance"), tag("pre", words))
    whole: dict[str, Any] = {"run.json": contents.about}
    if contents.run is not None:
        run = contents.run
        whole |= {
            "provenance": run.provenance.model_dump(mode="json"),
            "config": run.config,
            "test": [m.model_dump(mode="json") for m in run.test],
        }
    text = json.dumps(whole, indent=2, ensure_ascii=False, default=str)
    return tag("details", tag("summary", "Provenance and full configuration"), tag("pre", text))


def _class_names(contents: RunContents) -> tuple[str, ...]:
    return next((record.class_names for record in contents.maps), ())


def _part(title: str, blocks: list[Html]) -> Html:
    inside = [block for block in blocks if block]
    return tag("div", tag("h3", title), *inside, class_="part") if inside else Html("")


def _shot(title: str, picture: Html, read: str, small: str, class_: str | None = None) -> Html:
    drawing = tag("div", picture, class_="drawing")
    return tag("figure", tag("h4", title), drawing, markup.caption(read, small), class_=class_)
