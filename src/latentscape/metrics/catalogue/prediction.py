"""What is measured of predicted middles of motion triplets."""

from latentscape.metrics.catalogue.entry import Entry

PREDICTION: dict[str, Entry] = {
    "latent_error": Entry(
        "squared latent unit",
        "lower",
        (0, None),
        "squared error of the predicted middle latent, mean over values and triplets",
    ),
    "latent_skill": Entry(
        "",
        "higher",
        (None, 1),
        "1 − squared error ÷ that of the midpoint of both ends: 0 as good as linear, 1 perfect, "
        "below 0 worse than linear",
    ),
    "blurred_skill": Entry(
        "",
        "higher",
        (None, 1),
        "1 − squared error ÷ that of the best blur of the midpoint: above 0 more than shrinking "
        "what is not known",
    ),
    "latent_r2": Entry(
        "",
        "higher",
        (None, 1),
        "R² of the middle latent, mean over channels: 1 − squared error ÷ variance of the "
        "channel over all triplets and places; 0 as good as the channel's mean",
    ),
    "motion_skill_lpips": Entry(
        "",
        "higher",
        (None, None),
        "motion skill by LPIPS: share of a crossfade's perceptual distance to the true frame that "
        "is taken away; 1 as good as can be decoded, 0 no better than a crossfade",
    ),
}
