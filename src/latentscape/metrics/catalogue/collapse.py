"""What tells a collapsed latent."""

from latentscape.metrics.catalogue.entry import Entry

COLLAPSE: dict[str, Entry] = {
    "active_units": Entry(
        "units", "neither", (0, None), "latents whose mean varies over images by more than .01"
    ),
    "active_units_scaled": Entry(
        "units",
        "neither",
        (0, None),
        "latents whose mean makes up over 1 % of their variance, posterior noise included; of "
        "points, over 1 % of the average latent's variance",
    ),
    "collapsed_units": Entry(
        "units", "neither", (0, None), "latents with KL < .01 nat on at least 99 % of images"
    ),
    "reconstruction_spread": Entry(
        "", "neither", (0, None), "variance over images of the reconstructions ÷ of the originals"
    ),
    "information": Entry(
        "nat", "neither", (None, None), "I_q(x; z): what a code tells of which image it came from"
    ),
    "marginal_kl": Entry(
        "nat",
        "neither",
        (None, None),
        "KL(q(z) ‖ p): how far all codes together are from the prior",
    ),
    "total_correlation": Entry(
        "nat", "neither", (None, None), "KL(q(z) ‖ Π q(z_j)): how far latents depend on each other"
    ),
    "dimension_wise_kl": Entry(
        "nat", "neither", (None, None), "Σ KL(q(z_j) ‖ p(z_j)): how far each latent alone is off"
    ),
    "mean_image_mse": Entry(
        "squared pixel value",
        "neither",
        (0, 1),
        "squared error of painting the training images' mean for every image",
    ),
    "mse_to_mean_image": Entry(
        "squared pixel value",
        "neither",
        (0, 1),
        "squared distance of the reconstructions to the training images' mean",
    ),
    "mse_of_other": Entry(
        "squared pixel value",
        "neither",
        (0, 1),
        "squared error of an image decoded from another image's latent",
    ),
    "mse_of_prior": Entry(
        "squared pixel value",
        "neither",
        (0, 1),
        "squared error of an image decoded from a draw of N(0, I)",
    ),
    "elbo_lost_to_other": Entry(
        "nat",
        "neither",
        (None, None),
        "distortion from another image's latent − from its own: what the decoder reads in it",
    ),
    "elbo_lost_to_prior": Entry(
        "nat",
        "neither",
        (None, None),
        "distortion from a draw of N(0, I) − from its own latent: what the decoder reads in it",
    ),
}
