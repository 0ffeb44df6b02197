"""Latents that hold NaN or infinity are named and left out, wherever latents are read."""

import warnings

import numpy as np

from latentscape.errors import DataError

N_NAMED = 5


def finite_rows(finite: np.ndarray, sample_ids: np.ndarray) -> np.ndarray:
    """Rows that are finite; a warning names the others.

    Args:
        finite: (n,) whether each latent is.
        sample_ids: (n,) their identities.

    Raises:
        DataError: If none is.
    """
    ids = sample_ids[~finite]
    if len(ids):
        named = ", ".join(ids[:N_NAMED]) + (" and more" if len(ids) > N_NAMED else "")
        told = f"{len(ids):,} of {len(finite):,} latents hold NaN or infinity: {named}"
        if len(ids) == len(finite):
            raise DataError(told, "the model's training broke down: look at its loss curves")
        warnings.warn(f"{told}; they are left out", stacklevel=4)
    return np.flatnonzero(finite)
