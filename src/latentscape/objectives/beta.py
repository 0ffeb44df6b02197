"""β in other conventions: what the program's β would be called elsewhere, and back.

Here β is in ELBO units: −log p(x|z) and KL are both summed per image. Losses that average over
pixels mean something else by the same number, by factors of 10⁴ to 10⁵ (METHODS §0a, T1).
"""

from latentscape.errors import UsageError
from latentscape.shapes import ImageShape, LatentShape, latent_size

HALF_SUM = "½·sum-SE + β·sum-KL"
SUM = "sum-SE + β·sum-KL"
MEAN_SUM = "mean-SE + β·sum-KL"
MEAN_MEAN = "mean-SE + β·mean-KL"
NORMALISED = "β·M/N (Higgins β_norm)"
MEAN_L1 = "mean-L1 + β·sum-KL"
LDM = "sum-L1 in ±1 + β·sum-KL"  # latent diffusion's: pixels in [−1, 1]

# What one types for each form of the loss.
CONVENTIONS = {
    "half-sum": HALF_SUM,
    "sum": SUM,
    "mean-sum": MEAN_SUM,
    "mean-mean": MEAN_MEAN,
    "higgins": NORMALISED,
    "mean-l1": MEAN_L1,
    "ldm": LDM,
}


def beta_in_conventions(
    beta: float, image_shape: ImageShape, *, latent_shape: LatentShape, sigma: float = 1.0
) -> dict[str, float]:
    """One weighting of reconstruction against rate, as other programs would write it.

    With D values an image and M latents, β·KL + Σ(x−x̂)²/2σ² times 2σ²/D is
    mean-SE + (2σ²β/D)·KL, and so on.

    Args:
        beta: β in ELBO units.
        image_shape: Channels, height and width; D is their product.
        latent_shape: M is its product.
        sigma: σ of the Gaussian likelihood in the images' own unit, [0, 1] here; b of the
            Laplace likelihood in the L1 forms.

    Returns:
        β by the form of the loss; the keys are this module's constants.

    >>> f"{beta_in_conventions(1, ImageShape(3, 256, 256), latent_shape=(4, 32, 32))[MEAN_SUM]:.1e}"
    '1.0e-05'
    """
    if sigma <= 0:
        raise UsageError(f"sigma must be positive, not {sigma}")
    d, m = image_shape.size, latent_size(latent_shape)
    variance = sigma**2
    return {
        HALF_SUM: variance * beta,
        SUM: 2 * variance * beta,
        MEAN_SUM: 2 * variance * beta / d,
        MEAN_MEAN: 2 * variance * beta * m / d,
        NORMALISED: beta * m / d,
        MEAN_L1: sigma * beta / d,
        LDM: 2 * sigma * beta,
    }


def beta_from_convention(
    value: float,
    convention: str,
    *,
    image_shape: ImageShape,
    latent_shape: LatentShape,
    sigma: float = 1.0,
) -> float:
    """β in ELBO units of a weight that another program writes as `value`.

    Args:
        value: As it stands there.
        convention: A form of the loss: one of this module's constants, or its word in
            `CONVENTIONS`.
        image_shape, latent_shape, sigma: As in `beta_in_conventions`.

    Raises:
        UsageError: If there is no such convention.

    >>> seed = ImageShape(3, 256, 256)
    >>> round(beta_from_convention(1, MEAN_SUM, image_shape=seed, latent_shape=(4, 32, 32)))
    98304
    """
    unit = beta_in_conventions(1.0, image_shape, latent_shape=latent_shape, sigma=sigma)
    return value / unit[form_of(convention)]


def form_of(convention: str) -> str:
    """The form of the loss that a word, or the form itself, names.

    Raises:
        UsageError: If there is no such convention.
    """
    form = CONVENTIONS.get(convention, convention)
    if form not in CONVENTIONS.values():
        words = "; ".join(f"{word} ({form})" for word, form in CONVENTIONS.items())
        raise UsageError(f"there is no convention {convention!r}", f"the conventions: {words}")
    return form
