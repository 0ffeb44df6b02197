"""Run folders that look like real ones: scikit-learn's digits, and PCA in the part of a model."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import latentscape.report
from latentscape.records import (
    HistoryRecord,
    MapRecord,
    Measure,
    Provenance,
    ReconstructionRecord,
    Row,
    RunRecord,
    SheetRecord,
    TrajectoryRecord,
)

CLASSES = tuple(str(i) for i in range(10))
BOOTSTRAP = "95 % bootstrap over 400 images"


VOID = {"img", "meta", "link", "br"}


class Outline(HTMLParser):
    """Checks that every element is closed, and gathers ids, targets and pictures."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.unnamed: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in told:
            self.ids.append(told["id"])
        for key in ("href", "xlink:href", "src"):
            if told.get(key, "").startswith("#"):
                self.targets.add(told[key][1:])
            elif key in told:
                self.addresses.append(told[key])
        if (tag == "img" and not told.get("alt")) or (tag == "svg" and not told.get("aria-label")):
            self.unnamed.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


class FakeRun:
    """A run folder and the means to put records into it."""

    def __init__(self, folder: Path, *, recipe: str = "vae", latent: int = 2, rgb: bool = False):
        digits = load_digits()
        images = (digits.images * (255 / 16)).astype(np.uint8)
        images = images.repeat(3, axis=1).repeat(3, axis=2)[:, None]
        self.images = images.repeat(3, axis=1) if rgb else images
        self.labels = digits.target
        flat = self.images.reshape(len(images), -1) / 255
        self.pca = PCA(latent, random_state=0).fit(flat)
        self.latents = self.pca.transform(flat) / np.sqrt(self.pca.explained_variance_)
        self.folder, self.latent = folder, latent
        self.provenance = Provenance(
            model=folder.name, recipe=recipe, data="digits", split="test", n=400, seed=0,
            latent_shape=(latent,), fingerprint="f" * 64,
        )  # fmt: skip
        folder.mkdir(parents=True)
        about = {
            "format": 1, "version": "0.1.0", "recipe": recipe, "seed": 0,
            "model": {"network": "conv", "image_shape": list(self.images.shape[1:]),
                      "latent_shape": [latent], "posterior": "gaussian", "likelihood": "gaussian"},
            "data": {"source": "digits"}, "training": {"epochs": 12}, "fingerprint": "f" * 64,
            "weights_sha256": "0" * 64, "versions": {"numpy": np.__version__},
        }  # fmt: skip
        (folder / "run.json").write_text(json.dumps(about))

    def decode(self, latents: np.ndarray) -> np.ndarray:
        flat = self.pca.inverse_transform(latents * np.sqrt(self.pca.explained_variance_))
        return (flat.clip(0, 1) * 255).astype(np.uint8).reshape(-1, *self.images.shape[1:])

    def everything(self) -> "FakeRun":
        self.training()
        self.measures()
        self.sheets()
        self.maps()
        self.trajectories()
        self.snapshots()
        return self

    def training(self, *, epochs: int = 12, warnings: tuple[str, ...] = ()) -> RunRecord:
        t = np.arange(1, epochs + 1)
        fall, rise = 60 * np.exp(-t / 3), 9 * (1 - np.exp(-t / 2))
        noise = np.random.default_rng(0).normal(0, 0.6, (2, epochs))
        columns = {
            "epoch": t,
            "train_loss": fall + rise + 20 + noise[0],
            "val_loss": fall + rise + 22 + noise[1],
            "train_reconstruction": fall + 20,
            "val_reconstruction": fall + 22,
            "train_kl": rise,
            "val_kl": rise * 1.02,
            "val_elbo": -(fall + rise + 22),
            "val_distortion": fall + 22,
            "val_rate": rise * 1.02,
            "active_units": np.minimum(t, self.latent),
            "psnr_of_mean_mse": 22 - 10 * np.exp(-t / 4),
            "output_share": 1 - np.exp(-t / 4),
            "images_per_second": np.full(epochs, 5200.0),
        }
        record = RunRecord(
            folder=str(self.folder), provenance=self.provenance, config={"epochs": epochs},
            n_parameters=123_456,
            history=HistoryRecord(columns={k: tuple(map(float, v)) for k, v in columns.items()}),
            test=(Measure(name="elbo", value=-31.25, unit="nat", better="higher", n=400),),
            images_per_second=5200.0, stopped="finished", device="cpu", precision="32-true",
            warnings=warnings, n_images={"train": 1200, "val": 150, "test": 400},
        )  # fmt: skip
        record.save(self.folder / "record")
        return record

    def row(self, name: str, decoded: np.ndarray) -> Row:
        errors = ((decoded / 255.0 - self.images / 255.0) ** 2).mean(axis=(1, 2, 3))
        mse, spread = errors.mean(), 1.96 * errors.std() / np.sqrt(len(errors))
        psnr = -10 * np.log10(mse)
        return Row(
            name=name,
            measures=(
                Measure(
                    name="mse", value=mse, unit="squared pixel value", better="lower", n=400,
                    low=mse - spread, high=mse + spread, interval=BOOTSTRAP,
                    note="squared error, mean over pixels and images",
                ),
                Measure(
                    name="psnr_mean", value=psnr, unit="dB", better="higher", n=400,
                    low=psnr - 0.1, high=psnr + 0.1, interval=BOOTSTRAP,
                ),
                Measure(name="ssim_std", value=1 - 4 * mse, better="higher", bounds=(-1, 1)),
            ),
        )  # fmt: skip

    def measures(self) -> ReconstructionRecord:
        decoded = self.decode(self.latents)
        mean = np.broadcast_to(self.images.mean(axis=0).astype(np.uint8), self.images.shape)
        model = self.row(self.folder.name, (0.7 * decoded + 0.3 * self.images).astype(np.uint8))
        extra = (
            Measure(name="rate", value=6.2, unit="nat", n=400),
            Measure(name="active_units", value=self.latent, unit="units", n=400),
        )
        errors = ((decoded / 255.0 - self.images / 255.0) ** 2).mean(axis=(1, 2, 3))
        ids = tuple(f"digits-{i:05d}" for i in range(len(errors)))
        worst, shown = np.argsort(-errors)[:16], np.arange(24)
        record = ReconstructionRecord(
            provenance=self.provenance,
            model_row=Row(name=model.name, measures=(*model.measures, *extra)),
            baselines=(
                self.row("mean image", mean),
                self.row(f"PCA-{self.latent}", decoded),
                self.row("JPEG, 312 bytes", (0.95 * self.images).astype(np.uint8)),
            ),
            per_image={"mse": errors},
            sample_ids=ids,
            originals=self.images[shown], reconstructions=decoded[shown],
            shown_ids=tuple(ids[i] for i in shown),
            worst_originals=self.images[worst], worst_reconstructions=decoded[worst],
            worst_ids=tuple(ids[i] for i in worst),
        )  # fmt: skip
        record.save(self.folder / "measures" / "reconstruction-test")
        return record

    def sheets(self) -> None:
        rng = np.random.default_rng(0)
        for name, title, n in (("prior", "Draws from the prior", 8), ("mixture", "Draws", 8)):
            latents = rng.normal(size=(n * n, self.latent))
            SheetRecord(
                provenance=self.provenance, name=name, title=title, note="64 draws.",
                images=self.decode(latents), latents=latents, rows=n, columns=n,
            ).save(self.folder / "samples" / name)  # fmt: skip
        if self.latent != 2:
            return
        for name, reach in (("manifold-prior", 1.64), ("manifold-aggregate", 2.4)):
            x = np.linspace(-reach, reach, 15)
            latents = np.stack([np.tile(x, 15), np.repeat(x[::-1], 15)], axis=1)
            SheetRecord(
                provenance=self.provenance, name=name, title=f"Manifold, {name[9:]}", note="",
                images=self.decode(latents), latents=latents, rows=15, columns=15,
                x=tuple(x), y=tuple(x[::-1]),
            ).save(self.folder / "samples" / name)  # fmt: skip

    def maps(self, n: int | None = None) -> None:
        turn = np.array([[0.3, -1.0], [1.0, 0.3]])
        plane = self.latents[:n, :2]
        methods = ("pca", "pacmap", "umap", "tsne", *(("latent",) if self.latent == 2 else ()))
        for i, method in enumerate(methods):
            centres = np.array([[np.cos(c * 0.63 + i), np.sin(c * 0.63 + i)] for c in range(10)])
            spread = 0 if method in ("pca", "latent") else 3
            positions = plane @ (turn if spread else np.eye(2)) + spread * centres[self.labels[:n]]
            MapRecord(
                provenance=self.provenance, method=method, parameters={"seed": 0},
                positions=positions.astype(np.float32), labels=self.labels[:n], class_names=CLASSES,
                sample_ids=tuple(map(str, range(len(plane)))),
                faithfulness=_faith(method, 0.975), axes=_axes(method),
                baselines=(_faith("PCA", 0.912), _faith("random", 0.5)), seconds=2.0,
            ).save(self.folder / "maps" / method)  # fmt: skip

    def trajectories(self) -> None:
        starts, ends = np.arange(0, 8), np.arange(11, 19)
        t = np.linspace(0, 1, 10)[None, :, None]
        latents = (1 - t) * self.latents[starts][:, None] + t * self.latents[ends][:, None]
        frames = self.decode(latents.reshape(-1, self.latent)).reshape(
            8, 10, *self.images.shape[1:]
        )
        TrajectoryRecord(
            provenance=self.provenance, method="linear", criterion="random", n_steps=10,
            pairs=tuple((f"digits-{a}", f"digits-{b}") for a, b in zip(starts, ends, strict=True)),
            pair_labels=tuple(
                (str(self.labels[a]), str(self.labels[b]))
                for a, b in zip(starts, ends, strict=True)
            ),
            latents=latents, frames=frames,
            originals=np.stack([self.images[starts], self.images[ends]], axis=1),
        ).save(self.folder / "trajectories" / "linear-random")  # fmt: skip

    def snapshots(self) -> None:
        folder = self.folder / "snapshots"
        folder.mkdir()
        decoded = self.decode(self.latents[:48]).mean(axis=1).astype(np.uint8)
        frames = []
        for epoch in range(1, 7):
            noise = np.random.default_rng(epoch).integers(0, 255, decoded.shape)
            mixed = (decoded * (epoch / 6) + noise * (1 - epoch / 6)).astype(np.uint8)
            grid = mixed.reshape(6, 8, 24, 24).swapaxes(1, 2).reshape(144, 192)
            frames.append(Image.fromarray(np.hstack([grid, grid])))
            frames[-1].save(folder / f"epoch-{epoch:04d}.png")
        frames[0].save(
            folder / "training.gif", save_all=True, append_images=frames[1:], duration=300, loop=0
        )
        steps = np.linspace(0.2, 1, 6)[:, None, None]
        np.savez(
            folder / "positions.npz", positions=self.latents[:500] * steps, labels=self.labels[:500]
        )


def _faith(name: str, trust: float) -> Row:
    return Row(
        name=name,
        measures=(
            Measure(name="trustworthiness", value=trust, better="higher", bounds=(0, 1)),
            Measure(name="neighbour_preservation", value=trust / 2, better="higher"),
        ),
    )


def _axes(method: str) -> tuple[str, str]:
    named = {"latent": ("latent 1", "latent 2"), "pca": ("axis 1, 29 %", "axis 2, 21 %")}
    return named.get(method, ("", ""))


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> FakeRun:
    """A run with everything a report can show, and its report; not to be changed."""
    run = FakeRun(tmp_path_factory.mktemp("runs") / "digits-vae-2").everything()
    latentscape.report(run.folder)
    return run


@pytest.fixture(scope="session")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three runs with its report, one of them without a single record."""
    folder = tmp_path_factory.mktemp("several") / "all"
    first = FakeRun(folder / "digits-vae-2")
    second = FakeRun(folder / "digits-ae-16", recipe="ae", latent=16)
    for run in (first, second):
        run.training()
        run.measures()
    first.snapshots()
    FakeRun(folder / "unfinished")
    latentscape.report(folder)
    return folder


@pytest.fixture(scope="session")
def make_run() -> type[FakeRun]:
    return FakeRun


@pytest.fixture(scope="session")
def outline() -> type[Outline]:
    return Outline
