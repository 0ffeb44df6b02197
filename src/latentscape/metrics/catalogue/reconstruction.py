"""What is measured of images that come back."""

from latentscape.metrics.catalogue.entry import Entry

RECONSTRUCTION: dict[str, Entry] = {
    "mse": Entry(
        "squared pixel value", "lower", (0, 1), "squared error, mean over pixels and images"
    ),
    "mae": Entry("pixel value", "lower", (0, 1), "absolute error, mean over pixels and images"),
    "psnr_mean": Entry("dB", "higher", (0, None), "PSNR of each image, then the mean"),
    "psnr_of_mean_mse": Entry("dB", "higher", (0, None), "PSNR of the mean squared error"),
    "ssim_std": Entry(
        "",
        "higher",
        (-1, 1),
        "Gaussian window 11×11, σ 1.5, population covariance, R = 1, per channel",
    ),
    "ssim_seed": Entry(
        "", "higher", (-1, 1), "uniform window 7×7, sample covariance, R = 1, per channel"
    ),
    "ssim_atd": Entry(
        "",
        "higher",
        (-1, 1),
        "uniform window 7×7, sample covariance, R = 2, per channel; "
        "only for the published ATD-12K tables, higher than R = 1 on the same images",
    ),
    "ms_ssim": Entry("", "higher", (0, 1), "5 scales, Gaussian window 11×11, R = 1, per channel"),
    "lpips": Entry(
        "",
        "lower",
        (0, None),
        "LPIPS version 0.1 on SqueezeNet 1.1 with its learned heads, inputs in [−1, 1] as these "
        "were learned; images under 64 pixels enlarged to 64",
    ),
    "lpips01": Entry(
        "",
        "lower",
        (0, None),
        "the same net and heads fed inputs in [0, 1], as the published ATD-12K tables were (on "
        "another net): half the contrast, mostly lower than LPIPS; only for those tables",
    ),
    "chamfer": Entry(
        "",
        "lower",
        (0, 1),
        "distance of line art to the nearest line of the other image, both ways, mean over all "
        "pixels, in image diagonals; lines by difference of Gaussians (σ 1 and 1.6, t 2, ε .01, "
        "threshold .5); against an image without lines the whole diagonal",
    ),
    "elbo": Entry("nat", "higher", (None, None), "−(distortion + rate), per image"),
    "rate": Entry("nat", "neither", (0, None), "KL(q(z|x) ‖ p(z)), summed over latents, per image"),
    "distortion": Entry("nat", "lower", (None, None), "−log p(x|z), summed over pixels, per image"),
    "entropy_floor": Entry(
        "nat",
        "neither",
        (0, None),
        "the least distortion a Bernoulli decoder can have on these gray values, per image",
    ),
    "distortion_above_floor": Entry("nat", "lower", (0, None), "distortion − entropy floor"),
    "bits_per_dim": Entry("bit/dim", "lower", (None, None), "−ELBO in bits, per pixel value"),
}
