"""What tells how far latents moved in fine-tuning."""

from latentscape.metrics.catalogue.entry import Entry

DRIFT: dict[str, Entry] = {
    "latent_drift": Entry(
        "",
        "lower",
        (0, None),
        "root mean square move of the posterior means ÷ their root mean square distance from the "
        "mean latent; 0 is unmoved, about 1.4 another space",
    ),
    "latents_kept": Entry(
        "",
        "higher",
        (0, 1),
        "squared correlation of the old latents with the new ones, channel by channel: what is "
        "left when each channel may be scaled and shifted",
    ),
    "latent_cka": Entry(
        "",
        "higher",
        (None, 1),
        "linear CKA (unbiased) of old and new latents: what is left when the space may be turned",
    ),
    "rate_kept": Entry(
        "", "neither", (0, None), "mean rate after ÷ mean rate before, on the same images"
    ),
    "units_lost": Entry(
        "units", "lower", (0, None), "latents that were active before and are not any more"
    ),
    "units_gained": Entry(
        "units", "neither", (0, None), "latents that are active now and were not before"
    ),
}
