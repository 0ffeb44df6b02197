"""What is measured of a map."""

from latentscape.metrics.catalogue.entry import Entry

MAPS: dict[str, Entry] = {
    "trustworthiness": Entry(
        "", "higher", (0, 1), "how few of a point's neighbours on the map are strangers"
    ),
    "continuity": Entry("", "higher", (0, 1), "how few of a point's true neighbours the map loses"),
    "neighbour_preservation": Entry(
        "", "higher", (0, 1), "share of the k true neighbours that are neighbours on the map"
    ),
    "shepard_spearman": Entry(
        "", "higher", (-1, 1), "rank correlation of distances in the space and on the map"
    ),
    "stress": Entry(
        "", "lower", (0, 1), "√(Σ(d − αδ)² / Σd²), d in the space, δ on the map, best scale α"
    ),
    "kruskal_stress": Entry(
        "",
        "lower",
        (0, 1),
        "√(Σ(δ − δ̂)² / Σδ²), δ on the map, δ̂ the monotone function of distance in the space "
        "nearest to δ: only the order of distances counts",
    ),
}
