"""What is measured of latents on a grid."""

from latentscape.metrics.catalogue.entry import Entry

SPATIAL: dict[str, Entry] = {
    "spatial_autocorrelation": Entry(
        "",
        "neither",
        (-1, 1),
        "correlation of a channel with itself one place further, the mean map taken off; mean over "
        "both directions and all channels",
    ),
    "channel_correlation": Entry(
        "", "neither", (0, 1), "|r| of two channels at the same place, mean over pairs of channels"
    ),
    "position_share": Entry(
        "",
        "neither",
        (0, 1),
        "share of a channel's variance that its mean map holds, whatever the image; mean over "
        "channels",
    ),
    "channel_mean": Entry(
        "", "neither", (None, None), "mean over images and places, in the latent's own unit"
    ),
    "channel_std": Entry(
        "", "neither", (0, None), "standard deviation over images and places, in the latent's unit"
    ),
    "channel_skew": Entry("", "neither", (None, None), "m₃ / m₂^1.5 over images and places"),
    "channel_kurtosis": Entry(
        "", "neither", (-2, None), "excess m₄ / m₂² − 3 over images and places"
    ),
}
