"""Train a small VAE on bundled digits and write its report."""

import sys
from pathlib import Path

import latentscape


def main(out: Path) -> None:
    config = latentscape.TrainConfig(recipe="vae", network="mlp", latent=2, epochs=3)
    run = latentscape.train("digits", config, out=out)
    for measure in run.test:
        print(f"{measure.name:24}{measure.value:10.4g} {measure.unit}")
    latentscape.tour(out, maps=("pca",))
    print("report:", latentscape.report(out).path)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example"))
