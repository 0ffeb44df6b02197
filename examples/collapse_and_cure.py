"""An averaged error beside a summed rate empties the latent; the doctor says what mends it."""

import sys
import warnings
from pathlib import Path

import latentscape
from latentscape.errors import TrainingError

MODEL = {"network": "mlp", "latent": 16, "batch_size": 32}


def main(out: Path) -> None:
    data = latentscape.DataConfig("sprites", size=32, limit=800)
    averaged = latentscape.TrainConfig(**MODEL, beta_convention="mean-sum")
    with warnings.catch_warnings(record=True) as before:
        warnings.simplefilter("always")
        try:
            latentscape.train(data, averaged, out=out / "averaged")
        except TrainingError as error:
            print(f"before: {before[0].message}")
            print(f"during: {error.message}")
            print(f"cure:   {error.hint}")

    cured = latentscape.TrainConfig(**MODEL, recipe="sigma_vae", epochs=5)
    latentscape.train(data, cured, out=out / "cured")
    record = latentscape.measure("collapse", out / "cured")
    print(f"after:  {record.finding}, {record.verdict}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example-collapse"))
