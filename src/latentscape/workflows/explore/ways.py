"""What each way to travel is, in a sentence."""

from typing import get_args

from latentscape.records.exhibit import WayCard

FRAMES = {
    "": "zero",
    "-centred": "the mean of the latents",
    "-whitened": "the mean of the latents, lengths and angles taken in their own spread",
}
MEANINGS = {
    "linear": "The straight line between two latents, at even speed.",
    "eased": "The straight line, left and reached slowly.",
    **{
        f"spherical{frame}": f"The arc of a great circle about {about}."
        for frame, about in FRAMES.items()
    },
    **{
        f"spherical-norm{frame}": f"The arc about {about}, its length going evenly from end to end."
        for frame, about in FRAMES.items()
    },
    **{
        f"linear-norm{frame}": f"The line's directions from {about}, the length going evenly from "
        "end to end."
        for frame, about in FRAMES.items()
    },
    "lol": "The line, rescaled so that every step is distributed as the latents are.",
    "lol-iid": "The same for latents whose values are independent but no Gaussians.",
    "graph": "From neighbour to neighbour through the run's own latents, by the shortest way.",
    "graph-decoded": "From neighbour to neighbour, by the way on which the images change least.",
    "graph-features": "From neighbour to neighbour, by the way on which features change least.",
    "geodesic": "The curve on which the decoded images change least, searched.",
    "geodesic-features": "The curve on which features of the images change least, searched.",
    "geodesic-density": "The curve that changes images little and keeps where latents are dense.",
    "hermite": "One smooth curve through all samples, at even times.",
    "catmull-rom": "One smooth curve through all samples, slower where they lie apart.",
    "rbf": "The least bent curve through all samples.",
}
USUAL = ("linear", "spherical-centred", "lol", "graph", "catmull-rom")


def way_cards() -> tuple[WayCard, ...]:
    """Every interpolator and every curve through several samples; the usual ones first."""
    from latentscape.trajectories import INTERPOLATORS, NEEDS
    from latentscape.trajectories.through import Kind

    named = dict.fromkeys((*USUAL, *INTERPOLATORS, *get_args(Kind)))
    return tuple(
        WayCard(name=name, meaning=MEANINGS[name], slow="decode" in NEEDS.get(name, ()))
        for name in named
    )
