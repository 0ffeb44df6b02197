"""Which reconstructs better with 8 latents, an AE or a VAE, and does either beat PCA?"""

import sys
from pathlib import Path

import latentscape


def main(out: Path) -> None:
    for recipe in ("ae", "vae"):
        config = latentscape.TrainConfig(recipe=recipe, network="mlp", latent=8, epochs=5)
        latentscape.train("digits", config, out=out / recipe)
        latentscape.measure("reconstruction", out / recipe)
    record = latentscape.compare([out / "ae", out / "vae"], out=out / "comparison")
    table = record.tables[0]
    mse = next(line for line in table.lines if line.name == "mse")
    for name, measure in mse.measures.items():
        print(f"{name:14} MSE {measure.value:.4f}  [{measure.low:.4f}, {measure.high:.4f}]")
    for held in mse.baselines:
        print(f"{held.words:14} MSE {held.value:.4f}")
    difference = next(d for d in table.differences if d.name == "mse")
    print(f"image by image, {difference.run} against ae: {difference.verdict}")
    print(f"the page: {latentscape.report(record.folder).path}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example-compare"))
