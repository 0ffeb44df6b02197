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

SMOOTHNESS: dict[str, Entry] = {**DIMENSION}
