"""What is said of many trajectories at once: shares of names, and what goes with what."""

from latentscape.metrics.catalogue.entry import Entry

PATTERNS = ("horseshoe", "arch", "flat", "tilt", "wave")
VERDICTS = ("dissolve", "blurred_dissolve", "cut", "morph", "mixed")

JOURNEYS: dict[str, Entry] = {
    **{
        f"share_{name}": Entry(
            "", "neither", (0, 1), f"share of trajectories whose style curve is called {name}"
        )
        for name in PATTERNS
    },
    **{
        f"share_{name}": Entry(
            "", "neither", (0, 1),
            f"share of trajectories whose verdict is {name.replace('_', ' ')}",
        )
        for name in VERDICTS
    },
    "morph_by_frames": Entry(
        "", "neither", (0, 1),
        "share of trajectories whose frames alone make them a morph, however far from data they go",
    ),
    "dissolve_amount": Entry(
        "", "neither", (0, 1),
        "1 less the largest energy off the blend line, at least 0: 1 for a cross-dissolve, a "
        "quarter through an unrelated image",
    ),
    "layer_share": Entry(
        "", "neither", (0, 1),
        "this layer's part of the style loss of all trajectories together",
    ),
    "amount_with_bow": Entry(
        "", "neither", (-1, 1),
        "rank correlation, over pairs, of the amount of dissolve with how far the style curve is "
        "a horseshoe (b2)",
    ),
    "amount_with_waves": Entry(
        "", "neither", (-1, 1),
        "rank correlation, over pairs, of the amount of dissolve with the style curve's wave share",
    ),
    "amount_with_parabola": Entry(
        "", "neither", (-1, 1),
        "rank correlation, over pairs, of the amount of dissolve with how well a parabola fits "
        "the style curve (R²)",
    ),
    "pooled_motion_skill": Entry(
        "", "higher", (None, None),
        "share of the crossfades' squared error against the true frames that the trajectories take "
        "away: 1 as good as can be decoded, 0 no better than crossfades",
    ),
    **{
        f"models_amount_with_{shape}": Entry(
            "", "neither", (-1, 1),
            f"rank correlation, over models, of the median amount of dissolve with the share of "
            f"style curves called {shape}",
        )
        for shape in ("horseshoe", "wave", "arch")
    },
    "pairs_amount_with_bow": Entry(
        "", "neither", (-1, 1),
        "rank correlation, over the pairs of all models, of the amount of dissolve with b2",
    ),
    "pairs_amount_with_waves": Entry(
        "", "neither", (-1, 1),
        "rank correlation, over the pairs of all models, of the amount of dissolve with the wave "
        "share",
    ),
}  # fmt: skip
