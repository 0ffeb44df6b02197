"""The model of an exhibit, opened when something is first asked of it; torch with it."""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentscape.errors import LatentscapeError, ModelError, UsageError
from latentscape.records import read_run
from latentscape.records.exhibit import Ability
from latentscape.workflows.explore.stored import Stored
from latentscape.workflows.explore.turns import Turns

if TYPE_CHECKING:
    from latentscape.models import OpenModel

# After which a pass through the networks, or their opening, is taken not to end.
PASS_SECONDS, OPENING_SECONDS = 20.0, 120.0


class Live:
    """What a model can do for an exhibit, or why it cannot.

    Args:
        run: The model's run folder; None where the latents lie in no run.
        stored: The latents it has to fit.
        device: ``auto``, ``cpu``, ``cuda`` ...
    """

    def __init__(self, run: Path | None, stored: Stored, *, device: str = "auto"):
        self.run, self.stored, self.device = run, stored, device
        # One call of `decode` or `encode` at a time. Journeys decode beside it, one at a time too:
        # weights are only read, and a pointer does not wait for a way that is searched.
        self._turns = Turns(self._drop)
        self._model: OpenModel | None = None
        self._fault = _foreseen(run, stored)

    @property
    def ability(self) -> Ability:
        """Whether there is a model, as far as can be told without opening it; then, as it was."""
        return ability_of(self._fault)

    @property
    def model(self) -> "OpenModel":
        """The opened model.

        Raises:
            LatentscapeError: If it cannot be opened, and again whenever it is asked for.
        """
        if (model := self._model) is not None:
            return model
        with self._turns.one(OPENING_SECONDS):
            if self._fault is not None:
                raise self._fault
            if (model := self._model) is None:
                try:
                    model = self._model = self._opened()
                except LatentscapeError as error:
                    self._fault = error
                    raise
            return model

    def _drop(self) -> None:
        """Let go of a model that did not come back; the next asked for is opened anew."""
        self._model = None

    def _opened(self) -> "OpenModel":
        try:
            from latentscape.models import open_model
            from latentscape.workflows.opening import require_own_store

            assert self.run is not None
            model = open_model(self.run, device=self.device)
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelError(
                f"the model in {self.run} does not open: {error or type(error).__name__}",
                "look at its files and at the installation of torch",
            ) from error
        if self.stored.store is not None:
            require_own_store(model, self.stored.store)
        return model

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Images of latents.

        Args:
            latents: ``k D``.

        Returns:
            uint8 ``k height width channels``, 1 or 3 channels.

        Raises:
            UsageError: If they do not fit, or are not finite.
            ModelError: If the model makes nothing of them.
        """
        require_latents(latents, self.stored)
        model = self.model
        with self._turns.one(PASS_SECONDS):
            from latentscape.workflows.opening import decode

            return as_shown(decode(model, self.stored.shaped(latents).astype(np.float32)))

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Posteriors of images as the model sees them.

        Args:
            images: float32 ``k channels height width`` in [0, 1].

        Returns:
            ``k D`` means; log variances, None of a point.
        """
        model = self.model
        with self._turns.one(PASS_SECONDS):
            import torch

            from latentscape.workflows.opening import require_finite

            with torch.inference_mode():
                pixels = torch.from_numpy(images).to(model.autoencoder.device)
                posterior = model.autoencoder.encode(pixels)
                require_finite(model.name, posterior.mean, "encodes")
                means = posterior.mean.cpu().numpy().reshape(len(images), -1)
                if model.autoencoder.posterior == "point":
                    return means, None
                return means, posterior.log_var.cpu().numpy().reshape(len(images), -1)


def require_latents(latents: np.ndarray, stored: Stored) -> None:
    """Check that latents that came from outside are ``k D`` and finite.

    Raises:
        UsageError: If they are not.
    """
    if latents.ndim != 2 or latents.shape[1] != stored.size:
        raise UsageError(
            f"latents of shape {latents.shape} are not k × {stored.size}",
            "give one row of numbers for each latent",
        )
    if not np.isfinite(latents).all():
        raise UsageError("a latent has numbers that are not finite", "give finite numbers")


def as_shown(images: np.ndarray) -> np.ndarray:
    """uint8 ``k channels height width`` as ``k height width channels`` of 1 or 3 channels."""
    channels = images.shape[1]
    kept = images[:, : 3 if channels >= 3 else 1]
    return np.ascontiguousarray(kept.transpose(0, 2, 3, 1))


def ability_of(fault: LatentscapeError | None) -> Ability:
    """Possible without a fault; else what the fault says."""
    if fault is None:
        return Ability(possible=True)
    return Ability(possible=False, why=fault.message, hint=fault.hint or "")


def _foreseen(run: Path | None, stored: Stored) -> LatentscapeError | None:
    """Why there is no model, as far as it can be told without torch."""
    if run is None:
        return ModelError(
            "the store lies in no run, so its model is not at hand",
            "explore the run that it was encoded by",
        )
    if find_spec("torch") is None:
        return ModelError(
            "torch is not installed, and the model needs it", "install it: `pip install torch`"
        )
    about: dict[str, Any] = read_run(run)
    if not (run / "model.safetensors").exists():
        return ModelError(
            f"the run {run.name} has no weights", "go on training it: `latentscape train --resume`"
        )
    mine, theirs = about.get("weights_sha256"), stored.provenance.model_sha256
    with (run / "model.safetensors").open("rb") as file:
        if mine and hashlib.file_digest(file, "sha256").hexdigest() != mine:
            return ModelError(
                f"the weights of {run.name} are not the file that the run wrote",
                "restore the file, or train again",
            )
    if mine and theirs and mine != theirs:
        return ModelError(
            f"the latents were encoded before {run.name} was trained further, or by another model",
            f"encode them again: `latentscape encode {run}`",
        )
    return None
