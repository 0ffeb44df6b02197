"""What is measured against known factors."""

from latentscape.metrics.catalogue.entry import Entry

DISENTANGLEMENT: dict[str, Entry] = {
    "mig": Entry(
        "", "higher", (0, 1),
        "information of the best latent on a factor ahead of the second, ÷ the factor's entropy, "
        "mean over factors",
    ),
    "dci_disentanglement": Entry(
        "", "higher", (0, 1), "whether each latent matters to the prediction of one factor only"
    ),
    "dci_completeness": Entry(
        "", "higher", (0, 1), "whether the prediction of each factor leans on one latent only"
    ),
    "dci_informativeness": Entry(
        "", "higher", (0, 1),
        "held-out prediction of factors from all latents: share right (categories), share of "
        "variance explained (numbers, angles), mean over factors",
    ),
    "sap": Entry(
        "", "higher", (0, 1),
        "prediction of a factor by the best single latent ahead of the second, mean over factors",
    ),
    "modularity": Entry(
        "", "higher", (0, 1), "whether each latent holds information on one factor only"
    ),
    "factor_vae_score": Entry(
        "", "higher", (0, 1),
        "how often the latent that varies least names the factor that 64 images share",
    ),
    "beta_vae_score": Entry(
        "", "higher", (0, 1),
        "how often a linear classifier names the factor that the images of each pair share",
    ),
    "label_mi_gap": Entry(
        "", "neither", (0, 1),
        "information of the best latent on the label ahead of the second, ÷ the label's entropy; "
        "not a MIG, as a label is no factor of variation",
    ),
}  # fmt: skip
