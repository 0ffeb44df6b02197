"""What tells a collapsed latent."""

from latentscape.metrics.catalogue.entry import Entry

COLLAPSE: dict[str, Entry] = {
    "active_units": Entry(
        "units", "neither", (0, None), "latents whose mean varies over images by more than .01"
    ),
    "collapsed_units": Entry(
        "units", "neither", (0, None), "latents with KL < .01 nat on at least 99 % of images"
    ),
    "reconstruction_spread": Entry(
        "", "neither", (0, None), "variance over images of the reconstructions ÷ of the originals"
    ),
}
