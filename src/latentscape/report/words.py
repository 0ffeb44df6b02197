"""Numbers and directions as words: the same everywhere in a report."""

from math import floor, isfinite, log10

from latentscape.records import Measure

SIGNS = {"higher": "↑ higher is better", "lower": "↓ lower is better", "neither": "no better side"}


def number(value: float) -> str:
    """A number as people print it: three or four figures, thousands set apart."""
    if not isfinite(value):
        return "not a number" if value != value else "infinite"
    size = abs(value)
    if size >= 10_000 or value == round(value):
        text = f"{value:,.0f}"
    elif size < 1e-4:
        text = f"{value:.1e}"
    elif size < 1:
        text = f"{value:.{2 - floor(log10(size))}f}"
    else:
        text = f"{value:.{2 if size < 100 else 1}f}"
    return text.replace("-", "−")


def interval(measure: Measure) -> str:
    """``0.0113 to 0.0121``, or nothing where no interval was computed."""
    if measure.low is None or measure.high is None:
        return ""
    return f"{number(measure.low)} to {number(measure.high)}"


def label(name: str) -> str:
    """A measure's name for people: ``psnr_mean`` → ``PSNR mean``."""
    names = "MSE MAE PSNR SSIM MS ATD ELBO KL PCA MMD MIG MI DCI SAP VAE KID FID IWAE NMI MLE KS "
    names += "Jacobian Lipschitz kNN TwoNN Fisher Davies Bouldin Calinski Harabasz Rand Hungarian "
    names += "Mauchly John Mardia Henze Zirkler Mahalanobis Shepard Spearman Euclidean CKA"
    capital = {name.lower(): name for name in names.split()}
    capital |= {"lpips": "LPIPS", "lpips01": "LPIPS of [0, 1]"}
    capital |= {"chi2": "χ²", "mmd2": "MMD²", "w2": "W₂", "rrld": "RRLD", "auc": "AUC"}
    capital |= {"holder": "Hölder"}
    return " ".join(capital.get(word, word) for word in name.split("_"))
