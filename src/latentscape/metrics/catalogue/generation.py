"""What is measured of generated images."""

from latentscape.metrics.catalogue.entry import Entry

GENERATION: dict[str, Entry] = {
    "kid": Entry(
        "",
        "lower",
        (None, None),
        "kernel distance (KID's formula) to the real images, in the features named and scaled to "
        "the real ones' root mean square; unbiased, so as often under 0 as over it where nothing "
        "differs; not comparable with published values, which are of Inception-v3",
    ),
    "fid": Entry(
        "",
        "lower",
        (0, None),
        "Fréchet distance (FID's formula) to the real images, in the features named and scaled to "
        "the real ones' root mean square; not comparable with published values, which are of "
        "Inception-v3",
    ),
    "precision": Entry(
        "",
        "higher",
        (0, 1),
        "share of generated images within the real ones' balls of k nearest neighbours",
    ),
    "recall": Entry(
        "",
        "higher",
        (0, 1),
        "share of real images within the generated ones' balls of k nearest neighbours",
    ),
    "density": Entry(
        "", "higher", (0, None), "real balls that a generated image lies in, ÷ k, mean"
    ),
    "coverage": Entry(
        "", "higher", (0, 1), "share of real images with a generated one within their own ball"
    ),
    "nearer_to_training": Entry(
        "",
        "neither",
        (0, 1),
        "share of images whose nearest training image (in the features named) is nearer than the "
        "middle real image's: near 1 where training images are painted again, or all is blurred",
    ),
    "iwae": Entry(
        "nat", "higher", (None, None), "importance-weighted bound on log p(x), per image"
    ),
    "iwae_gain": Entry(
        "nat", "neither", (0, None), "importance-weighted bound − ELBO of the same draws, per image"
    ),
    "effective_draws": Entry(
        "draws", "higher", (1, None), "(Σw)² ÷ Σw²: draws an image that the bound rests on, mean"
    ),
}
