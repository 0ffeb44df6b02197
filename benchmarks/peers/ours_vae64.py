"""Ours, 64×64 RGB: five stride-2 layers and 128 latents, in latentscape's own loop."""

from functools import partial

import ours
from peer import main

if __name__ == "__main__":
    main(partial(ours.prepare, network="conv"))
