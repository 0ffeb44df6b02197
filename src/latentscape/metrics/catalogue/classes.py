"""What is measured of classes and clusters."""

from latentscape.metrics.catalogue.entry import Entry

CLASSES: dict[str, Entry] = {
    "silhouette_euclidean": Entry(
        "", "higher", (-1, 1),
        "mean of (b − a)/max(a, b): a and b are the mean distances to one's own and to the "
        "nearest other class",
    ),
    "silhouette_cosine": Entry(
        "", "higher", (-1, 1), "the silhouette with 1 − cosine of latents as the distance"
    ),
    "knn_accuracy_5": Entry(
        "", "higher", (0, 1),
        "share of samples whose class most of their 5 nearest neighbours have, the sample left out",
    ),
    "knn_accuracy_15": Entry(
        "", "higher", (0, 1),
        "share of samples whose class most of their 15 nearest neighbours have, the sample left "
        "out",
    ),
    "linear_probe_accuracy": Entry(
        "", "higher", (0, 1),
        "share of held-out samples whose class a logistic regression of the latents names",
    ),
    "fisher_trace_ratio": Entry(
        "", "higher", (0, None),
        "tr(S_w⁻¹ S_b): variance between classes in units of the variance inside them",
    ),
    "davies_bouldin": Entry(
        "", "lower", (0, None),
        "mean over classes of the worst (spread + spread)/(distance of centres)",
    ),
    "calinski_harabasz": Entry(
        "", "higher", (0, None), "variance between ÷ inside classes, each by its degrees of freedom"
    ),
    "triplet_accuracy": Entry(
        "", "higher", (0, 1),
        "P(d(a, p) < d(a, n)): a sample of the same class lies nearer than one of another, ties "
        "count a half",
    ),
    "n_clusters": Entry("clusters", "neither", (0, None), "clusters that were found"),
    "noise_share": Entry("", "neither", (0, 1), "share of samples put into no cluster"),
    "adjusted_rand": Entry(
        "", "higher", (-0.5, 1),
        "agreement of clusters and classes on pairs of samples, 0 at chance (Hubert and Arabie "
        "1985)",
    ),
    "nmi": Entry(
        "", "higher", (0, 1),
        "mutual information of clusters and classes ÷ the arithmetic mean of their entropies",
    ),
    "v_measure": Entry(
        "", "higher", (0, 1),
        "harmonic mean of homogeneity and completeness; by its definition the same number as the "
        "arithmetic NMI",
    ),
    "homogeneity": Entry("", "higher", (0, 1), "1 where each cluster holds one class only"),
    "completeness": Entry("", "higher", (0, 1), "1 where each class lies in one cluster"),
    "hungarian_accuracy": Entry(
        "", "higher", (0, 1),
        "share of samples in the cluster matched to their class, the best one-to-one matching",
    ),
    "bhattacharyya": Entry(
        "", "lower", (0, 1),
        "coefficient e^(−D_B) of a Gaussian a class, 0 where they lie apart and 1 where they are "
        "the same",
    ),
    "knn_confusion": Entry(
        "", "lower", (0, 1), "share of the first class's neighbours that are of the second"
    ),
    "knn_confusion_back": Entry(
        "", "lower", (0, 1), "share of the second class's neighbours that are of the first"
    ),
}  # fmt: skip
