"""What is measured of a single trajectory: style curve, dissolve or morph, geometry, truth."""

from latentscape.metrics.catalogue.entry import Entry

STYLE: dict[str, Entry] = {
    "style_tilt": Entry(
        "", "neither", (None, None),
        "b1 of the style curve over its mean, in Legendre polynomials: above 0 where style "
        "changes more towards the end",
    ),
    "style_bow": Entry(
        "", "neither", (None, None),
        "b2 of the style curve over its mean: above 0 a horseshoe (U), below 0 an arch",
    ),
    "style_wave_share": Entry(
        "", "neither", (0, 1),
        "Σ_{k≥3} b_k² ÷ Σ_{k≥1} b_k² of the style curve: 0 for a parabola, such as a dissolve's",
    ),
    "style_parabola": Entry(
        "", "neither", (0, 1), "R² of the parabola that fits the style curve best"
    ),
    "style_unevenness": Entry(
        "", "lower", (0, None), "standard deviation of the style curve over its mean"
    ),
    "style_matched": Entry(
        "", "neither", (-1, 1),
        "ρ: correlation of the style curve with that of the cross-dissolve of the same ends",
    ),
    "style_height": Entry(
        "", "neither", (0, None),
        "κ: sum of the style curve over that of the cross-dissolve of the same ends",
    ),
}  # fmt: skip

PANEL: dict[str, Entry] = {
    "blend_gap": Entry(
        "", "neither", (0, None),
        "largest |α̂ − t|, α̂ the place on the line through both ends: 0 for a cross-dissolve, "
        ".5 for a sudden switch half-way",
    ),
    "off_blend_most": Entry(
        "", "neither", (0, None),
        "largest energy off the line through both ends, over ‖y₁ − y₀‖²: 0 for a cross-dissolve, "
        "¾ for an unrelated image",
    ),
    "off_blend_median": Entry(
        "", "neither", (0, None),
        "median energy off the line through both ends, over ‖y₁ − y₀‖²: 0 for a cross-dissolve",
    ),
    "dissolve_deficit": Entry(
        "", "neither", (None, None),
        "contrast (variance over the image) lost between the ends, over what a cross-dissolve "
        "loses: 1 for a cross-dissolve, 0 where contrast is kept, above 1 where it also blurs",
    ),
    "path_ratio": Entry(
        "", "neither", (1, None),
        "length of the decoded way ÷ its chord, in pixels: 1 for a cross-dissolve and for a cut",
    ),
    "decoded_turning": Entry(
        "radian", "neither", (0, None),
        "angles between each step of the decoded way and the next, summed: 0 for a "
        "cross-dissolve, at most π through one other image; grows with the number of frames "
        "where every frame is new",
    ),
    "ghost_product": Entry(
        "", "lower", (0, None),
        "how much of the edges of both ends is seen at once half-way, over what a cross-dissolve "
        "shows: 1 for a cross-dissolve, far below for a morph or a cut",
    ),
    "cycle_residual": Entry(
        "", "lower", (0, None),
        "‖E(D(z)) − z‖ ÷ ‖z₁ − z₀‖ between the ends, median over steps",
    ),
    "cycle_residual_ratio": Entry(
        "", "lower", (0, None),
        "‖E(D(z)) − z‖ between the ends over the same of data, median over steps: 1 as data",
    ),
    "neighbour_ratio": Entry(
        "", "lower", (0, None),
        "distance to the fifth nearest data latent over that of data among themselves, median "
        "over the steps between the ends: 1 as near as data",
    ),
}  # fmt: skip

TRUTH: dict[str, Entry] = {
    "motion_skill": Entry(
        "", "higher", (None, None),
        "share of a crossfade's squared error against the true frames that the trajectory takes "
        "away: 1 as good as can be decoded, 0 no better than a crossfade",
    ),
    "motion_skill_decoded": Entry(
        "", "higher", (None, None),
        "motion skill against a crossfade of the true ends that is encoded and decoded as well: "
        "the way alone, without what decoding costs",
    ),
    "truth_error": Entry(
        "squared pixel value", "lower", (0, 1),
        "mean squared error of the frames between the ends against the true frames",
    ),
    "truth_distance": Entry(
        "", "lower", (0, 2),
        "cosine distance of each frame to the nearest image of the true way, mean over frames",
    ),
    "truth_unevenness": Entry(
        "", "lower", (None, None),
        "largest move along the true way ÷ the whole, less 1/(steps − 1): 0 perfectly even",
    ),
}  # fmt: skip

GEOMETRY: dict[str, Entry] = {
    "latent_length": Entry(
        "latent unit", "neither", (0, None), "length of the trajectory among latents"
    ),
    "latent_ratio": Entry(
        "", "neither", (1, None), "length ÷ chord among latents: 1 for a straight line"
    ),
    "latent_turning": Entry(
        "radian", "neither", (0, None),
        "angles between each step and the next among latents, summed: 0 for a straight line",
    ),
    "latent_unevenness": Entry(
        "", "lower", (0, None),
        "standard deviation ÷ mean of the steps' lengths among latents: 0 at even speed",
    ),
    "decoded_length": Entry(
        "pixel value", "neither", (0, None),
        "length of the decoded way, steps as root mean square over the image",
    ),
    "decoded_unevenness": Entry(
        "", "lower", (0, None),
        "standard deviation ÷ mean of the decoded steps' lengths: 0 at even speed",
    ),
    "norm_dip": Entry(
        "", "neither", (0, None),
        "smallest ‖z‖ between the ends ÷ what lies on a straight line between their norms: under "
        "1 where the way falls inside the shell of latents",
    ),
    "density_dip": Entry(
        "nat", "higher", (None, None),
        "lowest log density between the ends, less that of the end where it is lower: below 0 "
        "where the way leaves the latents",
    ),
    "nearest_data": Entry(
        "latent unit", "lower", (0, None),
        "distance to the nearest data latent, mean over the steps between the ends",
    ),
}  # fmt: skip

BESIDE_LINE: dict[str, Entry] = {
    "line_decoded_ratio": Entry(
        "", "neither", (0, None),
        "length of the decoded way ÷ that of the straight line between the same latents, both of "
        "as many frames",
    ),
    "line_feature_ratio": Entry(
        "", "neither", (0, None),
        "the same in the vectors of a feature net: under 1 a way that is shorter to the net",
    ),
    "search_ratio": Entry(
        "", "neither", (0, None),
        "length of the geodesic ÷ that of the straight line, in the metric in which it was "
        "searched and on the nodes of the search; above 1 only where a density draws it aside",
    ),
    "search_converged": Entry(
        "", "higher", (0, 1), "share of searches for a geodesic that arrived"
    ),
    "search_evaluations": Entry(
        "", "lower", (0, None), "times that a pair's curve was decoded and differentiated"
    ),
    "search_seconds": Entry(
        "s", "lower", (0, None), "of the search, over the pairs that were searched together"
    ),
}  # fmt: skip

TRAJECTORIES: dict[str, Entry] = {**STYLE, **PANEL, **TRUTH, **GEOMETRY, **BESIDE_LINE}
