"""What is measured of a cloud of latents: its covariance, and how Gaussian it is."""

from latentscape.metrics.catalogue.entry import Entry

COVARIANCE: dict[str, Entry] = {
    "participation_ratio": Entry(
        "dimensions", "neither", (1, None), "(Σλ)² / Σλ², λ the variances on the principal axes"
    ),
    "participation_share": Entry(
        "", "neither", (0, 1), "participation ratio ÷ number of latents; 1 where all λ are equal"
    ),
    "effective_rank": Entry(
        "dimensions", "neither", (1, None), "exp of the entropy of λ / Σλ (Roy and Vetterli 2007)"
    ),
    "anisotropy": Entry("", "neither", (1, None), "largest λ ÷ mean λ; 1 where all λ are equal"),
    "condition_number": Entry("", "neither", (1, None), "largest λ ÷ smallest λ"),
    "sphericity": Entry(
        "", "neither", (0, 1), "GM/AM: geometric ÷ arithmetic mean of the λ; 1 where all are equal"
    ),
    "mauchly_chi2": Entry(
        "", "neither", (0, None), "Mauchly's test of equal λ, of Gaussian latents"
    ),
    "mauchly_p": Entry("", "neither", (0, 1), "p value of Mauchly's test"),
    "john_chi2": Entry("", "neither", (0, None), "John's test of equal λ, of Gaussian latents"),
    "john_p": Entry("", "neither", (0, 1), "p value of John's test"),
}

GAUSSIANITY: dict[str, Entry] = {
    "skew_worst": Entry(
        "", "neither", (None, None), "m₃ / m₂^1.5 of the latent where it is farthest from 0"
    ),
    "skew_mean_size": Entry("", "neither", (0, None), "|m₃ / m₂^1.5|, mean over latents"),
    "kurtosis_worst": Entry(
        "", "neither", (-2, None), "excess m₄ / m₂² − 3 of the latent where it is farthest from 0"
    ),
    "kurtosis_mean_size": Entry("", "neither", (0, None), "|m₄ / m₂² − 3|, mean over latents"),
    "mardia_skew": Entry(
        "",
        "neither",
        (0, None),
        "Mardia's b₁: mean over pairs of the cubed product of whitened rows",
    ),
    "mardia_kurtosis": Entry(
        "", "neither", (0, None), "Mardia's b₂: mean fourth power of the whitened norm"
    ),
    "henze_zirkler": Entry(
        "",
        "neither",
        (0, None),
        "Henze and Zirkler's distance of characteristic functions, times n",
    ),
    "mahalanobis_ks": Entry(
        "", "neither", (0, 1), "largest gap between the squared whitened norms and χ² of d"
    ),
}

PRIOR: dict[str, Entry] = {
    "prior_kl": Entry(
        "nat", "lower", (0, None), "KL to N(0, I) of a Gaussian of the same mean and covariance"
    ),
    "norm_ratio": Entry("", "neither", (0, None), "mean of ‖z‖² / d; 1 under N(0, I)"),
    "norm_ks": Entry("", "lower", (0, 1), "largest gap between ‖z‖² and χ² of d"),
    "prior_mmd2": Entry(
        "", "lower", (None, None),
        "MMD² to N(0, I), unbiased (may be negative); kernel Σ C/(C + ‖x − y‖²), "
        "C = 2d·{.1, .2, .5, 1, 2, 5, 10}",
    ),
    "prior_sliced_w2": Entry(
        "prior deviations", "lower", (0, None),
        "Wasserstein distance to N(0, 1) on random lines through 0, root mean square",
    ),
    "prior_energy": Entry(
        "", "lower", (None, None),
        "energy distance 2E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖ to N(0, I), unbiased (may be negative)",
    ),
}  # fmt: skip

SHAPE: dict[str, Entry] = {**COVARIANCE, **GAUSSIANITY, **PRIOR}
