"""What is measured of dimension and of the decoder's smoothness."""

from latentscape.metrics.catalogue.entry import Entry

DIMENSION: dict[str, Entry] = {
    "twonn_dimension": Entry(
        "dimensions", "neither", (0, None), "TwoNN: (n − 1) / Σ ln(r₂/r₁) over nearest neighbours"
    ),
    "twonn_line_dimension": Entry(
        "dimensions",
        "neither",
        (0, None),
        "TwoNN: slope of −ln(1 − F) over ln(r₂/r₁), the largest tenth left out",
    ),
    "mle_dimension": Entry(
        "dimensions",
        "neither",
        (0, None),
        "Levina and Bickel's likelihood over 10 to 20 neighbours, inverses averaged",
    ),
}

STRETCH = "pixel / latent unit"
DECODER: dict[str, Entry] = {
    "jacobian_norm": Entry(
        STRETCH, "neither", (0, None), "‖J‖_F of the decoder's Jacobian J = ∂x/∂z, mean"
    ),
    "jacobian_largest": Entry(
        STRETCH, "neither", (0, None), "largest singular value of the decoder's Jacobian, mean"
    ),
    "jacobian_directions": Entry(
        "dimensions",
        "neither",
        (1, None),
        "(Σσ²)² ÷ Σσ⁴: latent directions that move the image alike, from 1 to all, mean",
    ),
    "jacobian_unevenness": Entry(
        "nat",
        "lower",
        (0, None),
        "|ln ‖J‖_F − its median| over latents, mean: 0 where the decoder stretches everywhere "
        "alike",
    ),
    "log_volume": Entry(
        "nat",
        "neither",
        (None, None),
        "½ ln det JᵀJ: log of the volume that a unit cube of latents fills among images, mean",
    ),
    "lipschitz_steps": Entry(
        STRETCH, "neither", (0, None), "‖Δx‖ ÷ ‖Δz‖ along short steps, median"
    ),
    "lipschitz_steps_95": Entry(
        STRETCH, "neither", (0, None), "‖Δx‖ ÷ ‖Δz‖ along short steps, 95 % quantile"
    ),
    "lipschitz_neighbours": Entry(
        STRETCH, "neither", (0, None), "‖Δx‖ ÷ ‖Δz‖ between nearest neighbours, median"
    ),
    "lipschitz_neighbours_95": Entry(
        STRETCH, "neither", (0, None), "‖Δx‖ ÷ ‖Δz‖ between nearest neighbours, 95 % quantile"
    ),
    "curvature": Entry(
        "",
        "lower",
        (0, None),
        "‖x₊ − 2x + x₋‖ ÷ ‖x₊ − x₋‖ along decoded straight lines between latents, mean; 0 where "
        "they stay straight at even speed, and smaller with more points a line",
    ),
    "line_ratio": Entry(
        "",
        "lower",
        (1, None),
        "length in pixels of the decoded straight line between two latents ÷ its chord, mean; "
        "the line is no geodesic",
    ),
    "path_length_pixels": Entry(
        "squared pixel value",
        "lower",
        (0, None),
        "ε⁻² times the squared pixel difference (mean over pixels) of a step ε, full",
    ),
    "path_length_perceptual": Entry(
        "",
        "lower",
        (0, None),
        "perceptual path length: ε⁻² times the squared feature distance of a step ε, full",
    ),
}

SMOOTHNESS: dict[str, Entry] = {**DIMENSION, **DECODER}
