"""Which reconstructs better with 8 latents, an AE or a VAE, and does either beat PCA?"""

import sys
from pathlib import Path

import latentscape


def main(out: Path) -> None:
    for recipe in ("ae", "vae"):
        config = latentscape.TrainConfig(recipe=recipe, network="mlp", latent=8, epochs=5)
        latentscape.train("digits", config, out=out / recipe)
        record = latentscape.measure("reconstruction", out / recipe)
        for row in (record.model_row, *record.baselines):
            mse = row["mse"]
            print(f"{recipe:5}{row.name:14} MSE {mse.value:.4f}  [{mse.low:.4f}, {mse.high:.4f}]")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example-compare"))
