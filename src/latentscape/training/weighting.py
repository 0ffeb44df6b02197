"""What β comes to: in ELBO units, in other programs' words, and against what the images can pay.

Said before training, when it is still free to change, and again of any finished run.
"""

from dataclasses import dataclass

import numpy as np

from latentscape.data import ImageSet
from latentscape.errors import UndefinedError
from latentscape.metrics.elbo import LikelihoodName
from latentscape.metrics.spread import ImageSpread, images_for_spread, spread_of
from latentscape.models import ModelConfig
from latentscape.objectives.beta import beta_in_conventions
from latentscape.shapes import ImageShape, LatentShape, latent_size
from latentscape.training.recipes import Recipe, rate_term

FAR_OFF = 100  # times the unit-variance ELBO
WIDTH = 26


@dataclass(frozen=True)
class Weighting:
    """How a model weighs its rate.

    Attributes:
        beta: In ELBO units, under the likelihood's own scale.
        likelihood: p(x|z).
        scale: σ or b of the likelihoods that state one.
        image_shape, latent_shape: Of one image and its latent.
        spread: Of the training images about their mean image.
    """

    beta: float
    likelihood: LikelihoodName
    scale: float
    image_shape: ImageShape
    latent_shape: LatentShape
    spread: ImageSpread

    @property
    def states_scale(self) -> bool:
        """Whether somebody chose σ or b, so that β alone does not say how the rate weighs."""
        return self.likelihood in ("gaussian-fixed", "laplace")

    @property
    def against_unit(self) -> float:
        """How many times the rate weighs what it weighs where σ (or b) is 1 and β is 1."""
        power = {"gaussian-fixed": 2, "laplace": 1}.get(self.likelihood, 0)
        return self.beta * self.scale**power

    def fitted(self, mse: float, mae: float) -> float:
        """The β that the σ-VAE takes at these errors, a value: with it σ (or b) fits them.

        ½·SE/σ² + β·KL is ½·SE/MSE + KL times MSE/σ² where β = MSE/σ² (METHODS §8); 1 where no
        scale is stated.
        """
        error = {"gaussian-fixed": mse / self.scale**2, "laplace": mae / self.scale}
        return error.get(self.likelihood, 1.0)

    @property
    def at_mean_image(self) -> float:
        """The σ-VAE's β for a decoder that paints the mean image; every better one takes less."""
        return self.fitted(self.spread.mse, self.spread.mae)

    @property
    def too_strong(self) -> bool:
        """Whether no latent can pay for itself: the mean image is then the optimum."""
        return self.beta > self.spread.break_even

    def warning(self) -> str | None:
        """The sentence on a weight that is far off; None where it is not.

        Far off is over 100 times the unit-variance ELBO, above break-even, or over 100 times
        below both the unit-variance ELBO and the σ-VAE (which is rightly below the former).
        """
        times, weak = self.against_unit, self.beta < self.at_mean_image / FAR_OFF
        far = [f"{figure(times)} times the unit-variance ELBO"] if times > FAR_OFF else []
        if self.states_scale and times < 1 / FAR_OFF and weak:
            far = [f"{figure(1 / times)} times below the unit-variance ELBO"]
        elif not far and not self.too_strong:
            return None
        if self.states_scale:
            share = figure(self.beta / self.at_mean_image)
            far += [f"{share} times the σ-VAE's at the mean image (MSE {figure(self.spread.mse)})"]
        said = f"β is {figure(self.beta)} in ELBO units{', ' * bool(far)}{' and '.join(far)}"
        if weak and not self.too_strong:
            end = "little draws the latents to the prior, and draws from it may decode to nothing"
            return f"{said}: no collapse, but {end}"
        worth = figure(self.spread.break_even)
        end = ": expect every output to be the mean image" if self.too_strong else ""
        return f"{said}; on these images one latent is worth a β of {worth} at most{end}"

    def table(self) -> list[str]:
        """Lines for people: β in each convention, beside the ELBO's own and the σ-VAE's."""
        stated = {"gaussian-fixed": f", σ = {self.scale:.3g}", "laplace": f", b = {self.scale:.3g}"}
        sizes = f"D = {self.image_shape.size:,} values, M = {latent_size(self.latent_shape):,}"
        title = f"β = {figure(self.beta)} in ELBO units ({self.likelihood}"
        title += f"{stated.get(self.likelihood, '')}; {sizes} latents)"
        lines = [title]
        if self.likelihood in ("gaussian", "gaussian-fixed"):
            sigma = self.scale if self.states_scale else self.spread.mse**0.5
            columns = {
                "this run": self._forms(self.beta, sigma),
                "unit-variance ELBO": self._forms(1.0, 1.0),
                "σ-VAE at mean image": self._forms(1.0, self.spread.mse**0.5),
            }
            lines.append(f"  {'':<{WIDTH}}" + "".join(f"{name:>22}" for name in columns))
            lines += [
                f"  {form:<{WIDTH}}" + "".join(f"{figure(c[form]):>22}" for c in columns.values())
                for form in columns["this run"]
            ]
        worth = f"  one latent of these images is worth a β of {figure(self.spread.break_even)}"
        return [*lines, f"{worth} at most (break-even, {self.spread.n:,} images)"]

    def elsewhere(self) -> dict[str, float]:
        """β by the form of the loss: its own, and where a σ says what that is, other programs'."""
        if self.likelihood == "gaussian-fixed":
            return self.in_conventions(self.scale)
        return {f"ELBO units, {self.likelihood}": self.beta}

    def in_conventions(self, sigma: float) -> dict[str, float]:
        """β by the form of the loss at a stated or fitted σ; the first entry is in ELBO units."""
        return {
            f"ELBO units, σ = {sigma:.3g}": self.beta,
            **self._forms(self.beta, sigma),
        }

    def _forms(self, beta: float, sigma: float) -> dict[str, float]:
        return beta_in_conventions(
            beta, self.image_shape, latent_shape=self.latent_shape, sigma=sigma
        )


def weighting_of(
    images: ImageSet, rows: np.ndarray, *, recipe: Recipe, model: ModelConfig
) -> Weighting | None:
    """How a recipe weighs its rate on these images; None where it has no β, or they no spread."""
    term = rate_term(recipe)
    if term is None or term.beta == 0:
        return None
    looked_at = images_for_spread(rows, images.shape.size, seed=0)
    try:
        spread = spread_of(
            images.pixels(looked_at), likelihood=model.likelihood, scale=model.likelihood_scale
        )
    except UndefinedError:
        return None
    return Weighting(
        beta=term.beta,
        likelihood=model.likelihood,
        scale=model.likelihood_scale,
        image_shape=model.image_shape,
        latent_shape=model.latent_shape,
        spread=spread,
    )


def figure(value: float) -> str:
    """A weight in three figures: 0.031, 110, 6,144, 1.6e-04."""
    if value == 0 or 1e-3 <= abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}" if 100 <= abs(value) < 1e7 else f"{value:.1e}"
