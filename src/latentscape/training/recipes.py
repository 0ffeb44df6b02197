"""The recipes: posterior + objective, for any network. A model family is a row of this table."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from latentscape.errors import UsageError, nearest
from latentscape.models import LikelihoodName, PosteriorKind
from latentscape.objectives import (
    KL,
    MMD,
    Adversarial,
    Covariance,
    DecoderNorm,
    Equivariance,
    Information,
    LatentNorm,
    PatchAdversary,
    Perceptual,
    Reconstruction,
    Term,
    TotalCorrelation,
    Triplet,
)
from latentscape.objectives.beta import LDM, MEAN_L1, NORMALISED, beta_from_convention, form_of
from latentscape.records.fields import fitted
from latentscape.shapes import ImageShape, LatentShape
from latentscape.training.config import TrainConfig

OF_RECIPE = (
    *("recipe_options", "beta_convention", "likelihood", "likelihood_scale"),
    *("more_terms", "trains"),
)
OF_DECODER = (Reconstruction, KL, DecoderNorm)  # the KL is a constant there, and worth seeing
HALF_VARIANCE = 0.5**0.5  # σ at which −log p(x|z) is Σ(x−x̂)², up to a constant


@dataclass(frozen=True)
class Recipe:
    """A kind of autoencoder.

    Attributes:
        name: Its name, as on the command line.
        posterior: ``point`` or ``gaussian``.
        terms: The objective; the loss is their sum, in nats per image.
        likelihood: p(x|z); None means by data: Bernoulli where pixels are nearly binary, else
            Gaussian with learned σ.
        likelihood_scale: σ or b, where the likelihood states one.
        weight_decay: L2 on all weights, added to the gradient (Adam's ``weight_decay``).
        needs_labels: Whether training needs classes.
        prior_matched: Whether a term draws the latents towards N(0, I), so that draws from it
            may be decoded.
        description: One sentence.
        reference: Where it comes from.
    """

    name: str
    posterior: PosteriorKind
    terms: tuple[Term, ...]
    likelihood: LikelihoodName | None = None
    likelihood_scale: float = 1.0
    weight_decay: float = 0.0
    needs_labels: bool = False
    prior_matched: bool = True
    description: str = ""
    reference: str = ""


_TABLE = (
    Recipe(
        name="ae",
        posterior="point",
        terms=(Reconstruction(),),
        weight_decay=1e-6,
        prior_matched=False,
        description="Reconstruction alone; the latent space is left to itself.",
        reference="Hinton and Salakhutdinov 2006",
    ),
    Recipe(
        name="vae",
        posterior="gaussian",
        terms=(Reconstruction(), KL()),
        description="The evidence lower bound: reconstruction and rate, weighed alike.",
        reference="Kingma and Welling 2014",
    ),
    Recipe(
        name="beta_vae",
        posterior="gaussian",
        terms=(Reconstruction(), KL(beta=4)),
        description="The rate weighs β times as much, for latents that vary alone.",
        reference="Higgins et al. 2017",
    ),
    Recipe(
        name="aae",
        posterior="point",
        terms=(Reconstruction(), Adversarial(scale=0.9)),
        likelihood="gaussian-fixed",
        description="A discriminator in latent space shapes the codes into a normal cloud.",
        reference="Makhzani et al. 2015",
    ),
    Recipe(
        name="tvae",
        posterior="gaussian",
        terms=(Reconstruction(), KL(), Triplet(weight=1, margin=1)),
        needs_labels=True,
        description="A VAE whose classes are drawn together and held apart.",
        reference="Ishfaq et al. 2018",
    ),
    Recipe(
        name="sigma_vae",
        posterior="gaussian",
        terms=(Reconstruction(), KL()),
        likelihood="gaussian",
        description="The pixel noise σ is learned, and with it the weight of the rate.",
        reference="Rybkin et al. 2021",
    ),
    Recipe(
        name="wae_mmd",
        posterior="point",
        terms=(Reconstruction(), MMD(weight=10)),
        likelihood="gaussian-fixed",
        likelihood_scale=HALF_VARIANCE,
        description="All codes together, not each alone, are matched to the prior.",
        reference="Tolstikhin et al. 2018",
    ),
    Recipe(
        name="info_vae",
        posterior="gaussian",
        terms=(Reconstruction(), Information(alpha=0, lam=1000)),
        description="A VAE that also matches all codes together to the prior.",
        reference="Zhao et al. 2019",
    ),
    Recipe(
        name="beta_tcvae",
        posterior="gaussian",
        terms=(Reconstruction(), TotalCorrelation(alpha=1, beta=6, gamma=1)),
        description="Of the rate, only the latents' dependence on each other weighs more.",
        reference="Chen et al. 2018",
    ),
    Recipe(
        name="dip_vae",
        posterior="gaussian",
        terms=(Reconstruction(), KL(), Covariance(of="mean", off_diagonal=10)),
        description="The codes' covariance matrix is drawn towards the identity.",
        reference="Kumar et al. 2018",
    ),
    Recipe(
        name="rae",
        posterior="point",
        terms=(
            Reconstruction(),
            LatentNorm(latent_weight=1e-2),
            DecoderNorm(decoder_weight=1e-4, of="weights"),
        ),
        prior_matched=False,
        description="No noise: small codes, a smooth decoder, and a density fitted afterwards.",
        reference="Ghosh et al. 2020",
    ),
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _TABLE}

# Terms that any recipe may take beside its own; the adversary weighs itself by those before it.
MORE_TERMS: dict[str, Term] = {
    term.name: term for term in (Perceptual(), Equivariance(), PatchAdversary())
}


def recipe_named(name: str, more_terms: Sequence[str] = (), **overrides: Any) -> Recipe:
    """The recipe called `name`, with some of its terms' settings changed.

    Args:
        name: A name in `RECIPES`; ``-`` stands for ``_``.
        more_terms: Names in `MORE_TERMS`, of terms that stand after the recipe's own.
        **overrides: Settings of any of its terms, e.g. ``beta=2, warmup_epochs=10``.

    Raises:
        UsageError: If the recipe, a further term or a setting is unknown (the nearest is named),
            of the wrong kind, or out of range.

    >>> recipe_named("tvae", weight=2).terms[2]
    Triplet(weight=2.0, margin=1)
    """
    key = name.replace("-", "_").lower()
    if key not in RECIPES:
        raise UsageError(f"there is no recipe {name!r}", nearest(key, RECIPES))
    for term in more_terms:
        if term not in MORE_TERMS:
            raise UsageError(f"there is no further term {term!r}", nearest(term, MORE_TERMS))
    further = tuple(MORE_TERMS[term] for term in MORE_TERMS if term in more_terms)
    recipe = replace(RECIPES[key], terms=(*RECIPES[key].terms, *further))
    known = settings_of(recipe)
    for setting in overrides:
        if setting not in known:
            hint = nearest(setting, known) if known else "it has none that can be changed"
            raise UsageError(f"the recipe {key!r} has no setting {setting!r}", hint)
    terms = tuple(_changed(term, overrides) for term in recipe.terms)
    return replace(recipe, terms=terms)


def recipe_of(config: TrainConfig, image_shape: ImageShape) -> Recipe:
    """The recipe that a config asks for, with β in ELBO units whatever it was written in.

    A β that is written in another convention brings that form's likelihood along: of σ = 1 (or
    the config's own scale) for squared errors, Laplace for absolute ones.

    Raises:
        UsageError: As `recipe_named`; or if the recipe has no β, or the likelihood is not the
            convention's.
    """
    recipe = recipe_named(config.recipe, config.more_terms, **config.recipe_options)
    if config.trains == "decoder":
        kept = (*OF_DECODER, *(type(term) for term in MORE_TERMS.values()))
        terms = tuple(term for term in recipe.terms if isinstance(term, kept))
        recipe = replace(recipe, terms=terms, needs_labels=False)
    if config.beta_convention is None:
        return recipe
    form, term = form_of(config.beta_convention), rate_term(recipe)
    if term is None:
        raise UsageError(
            f"the recipe {recipe.name!r} has no β to be written as {form}",
            "leave the convention out, or use a recipe with a KL term, such as vae",
        )
    likelihood, scale = config.likelihood or recipe.likelihood, config.likelihood_scale
    if form != NORMALISED:
        wanted: LikelihoodName = "laplace" if form in (MEAN_L1, LDM) else "gaussian-fixed"
        if likelihood not in (None, wanted):
            raise UsageError(
                f"β as {form} belongs to the likelihood {wanted}, not {likelihood}",
                "leave the convention out, and with it β = 1 in ELBO units",
            )
        likelihood = wanted
    beta = beta_from_convention(
        term.beta,
        form,
        image_shape=image_shape,
        latent_shape=config.latent_shape,
        sigma=recipe.likelihood_scale if scale is None else scale,
    )
    terms = tuple(replace(term, beta=beta) if t is term else t for t in recipe.terms)
    return replace(recipe, terms=terms, likelihood=likelihood)


def recipe_of_run(
    about: dict[str, Any], *, image_shape: ImageShape, latent_shape: LatentShape
) -> Recipe:
    """The recipe that a run was trained by, from its run.json; β in ELBO units.

    Raises:
        UsageError: If this version knows no such recipe or setting.
    """
    told = about.get("training") or {}
    told = {key: fitted(TrainConfig, key, told[key]) for key in OF_RECIPE if key in told}
    config = TrainConfig(recipe=about["recipe"], latent=latent_shape, **told)
    return recipe_of(config, image_shape)


def rate_term(recipe: Recipe) -> KL | None:
    """The term by which β weighs the rate; None where there is none, or a capacity leads it."""
    terms = (term for term in recipe.terms if isinstance(term, KL) and term.capacity is None)
    return next(terms, None)


def prior_matched(recipe: str, *, posterior: PosteriorKind) -> bool:
    """Whether a model's latents were drawn towards N(0, I) in training.

    Args:
        recipe: Its recipe's name; of one that is not in the table the posterior decides.
        posterior: Its posterior; only a Gaussian one is sure to have paid a rate.
    """
    return RECIPES[recipe].prior_matched if recipe in RECIPES else posterior == "gaussian"


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Every setting of the recipe's terms that can be changed, with its value."""
    return {
        field.name: getattr(term, field.name) for term in recipe.terms for field in fields(term)
    }


def _changed(term: Term, overrides: dict[str, Any]) -> Term:
    mine = {
        f.name: fitted(type(term), f.name, overrides[f.name])
        for f in fields(term)
        if f.name in overrides
    }
    return replace(term, **mine) if mine else term
