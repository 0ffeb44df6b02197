"""Encode a split to disk and read its latents row by row, without loading them."""

import sys
from pathlib import Path

import latentscape


def main(out: Path) -> None:
    config = latentscape.TrainConfig(recipe="vae", network="mlp", latent=4, epochs=1)
    latentscape.train("digits", config, out=out)
    encoded = latentscape.encode(out, split="test")
    store = latentscape.Store.open(encoded.folder)
    print(f"{len(store):,} latents of shape {encoded.latent_shape} in {encoded.n_shards} shards")
    for i in (0, len(store) - 1):
        print(store.samples.sample_ids[i], store[i].round(2))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example-store"))
