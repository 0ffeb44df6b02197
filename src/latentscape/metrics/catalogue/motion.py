"""What is measured of motion triplets and shots."""

from latentscape.metrics.catalogue.entry import Entry

MOTION: dict[str, Entry] = {
    "midpoint_deviation": Entry(
        "",
        "lower",
        (0, None),
        "r = ‖z2 − (z1 + z3)/2‖ / ‖z3 − z1‖, median over triplets: 0 half-way, .5 a random walk, "
        ".866 three points equally far apart",
    ),
    "holder_exponent": Entry(
        "",
        "higher",
        (0, 1),
        "H = −½ log2(r² + ¼), median over triplets: distance grows as displacement to this power; "
        "1 linear, 0 saturated, and 0 too for r beyond .866",
    ),
    "time_of_middle": Entry(
        "",
        "neither",
        (None, None),
        "t* = ⟨z2 − z1, z3 − z1⟩ / ‖z3 − z1‖², median over triplets: where on the line the middle "
        "lies, .5 half-way",
    ),
    "perpendicular_share": Entry(
        "",
        "lower",
        (0, None),
        "distance of the middle from the line over the ends' distance, median over triplets",
    ),
    "triangle_ratio": Entry(
        "",
        "lower",
        (1, None),
        "(d12 + d23) / d13, median over triplets: 1 on the segment, 2 three points equally far "
        "apart",
    ),
    "cosine_at_middle": Entry(
        "",
        "lower",
        (-1, 1),
        "cosine of the angle at the middle, median over triplets: −1 straight on, 0 a random "
        "walk, .5 three points equally far apart",
    ),
    "deviation_to_pixels": Entry(
        "",
        "lower",
        (0, None),
        "r of the latents over r of the same frames' pixels, median over triplets: below 1 the "
        "code straightens motion",
    ),
    "flow_correlation": Entry(
        "",
        "higher",
        (-1, 1),
        "Spearman's correlation over triplets of ‖z3 − z1‖ with the mean length of the optical "
        "flow from first to last",
    ),
    "step_flow_correlation": Entry(
        "",
        "higher",
        (-1, 1),
        "the same of ‖z2 − z1‖ with the flow between first and middle",
    ),
    "flow_correlation_partial": Entry(
        "",
        "higher",
        (-1, 1),
        "the flow correlation with the frames' texture (mean squared gradient) held still",
    ),
    "place_correlation": Entry(
        "",
        "higher",
        (-1, 1),
        "Spearman's correlation over the places of the grid of ‖z3 − z1‖ there with the flow "
        "there, mean over triplets",
    ),
    "place_correlation_partial": Entry(
        "",
        "higher",
        (-1, 1),
        "the place correlation with the texture of each place held still, mean over triplets",
    ),
    "moving_auc": Entry(
        "",
        "higher",
        (0, 1),
        "chance that a place that moves changes more than one that does not, mean over triplets; "
        ".5 by chance",
    ),
    "mean_flow": Entry(
        "px",
        "neither",
        (0, None),
        "mean length of the optical flow from first to last, median over triplets, in pixels of "
        "the frames as the model sees them",
    ),
    "rrld": Entry(
        "",
        "lower",
        (0, None),
        "relative residual linear displacement of the flow, median over triplets where anything "
        "moves: 0 steady motion, .5 motion that stops half-way",
    ),
    "linear_share": Entry(
        "",
        "neither",
        (0, 1),
        "share of triplets whose motion the published filter calls linear: RRLD below .3, .25 % "
        "to 50 % of the frame moves, no pan",
    ),
    "equivariance_error": Entry(
        "",
        "lower",
        (0, None),
        "‖E(T x) − T E(x)‖² over the latents' variance, mean over frames, half of them moved down "
        "and half to the right: 0 moves along exactly",
    ),
    "shifted_psnr": Entry(
        "dB",
        "higher",
        (0, None),
        "PSNR of D(T z) against T D(z), mean over frames, half moved down and half to the right",
    ),
    "shot_curvature": Entry(
        "°",
        "lower",
        (0, 180),
        "mean angle between a step and the next, mean over shots: 0 straight on, 90 a random "
        "walk, 120 frames all equally far apart",
    ),
    "shot_straightness": Entry(
        "",
        "higher",
        (0, 1),
        "distance of a shot's ends over the way between them, mean over shots",
    ),
    "shot_roughness": Entry(
        "",
        "lower",
        (0, None),
        "mean squared second difference over mean squared step, mean over shots: 0 straight at "
        "one pace, 2 a random walk, 3 frames in any order",
    ),
}
