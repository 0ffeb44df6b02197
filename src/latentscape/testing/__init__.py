"""Contract suites that anyone's implementation can be swept through, and toys.

The suites are pytest classes: subclass one, give the fixture or the methods it names, and every
promise is a test of yours. Names are fetched when first used, so that a worker process that
imports one contract does not load the others' guests.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latentscape.testing.executor_contract import ExecutorContract
    from latentscape.testing.interpolator_contract import (
        InterpolatorContract,
        degenerate_ends,
        toy_ends,
        toy_surroundings,
    )
    from latentscape.testing.model_contract import ModelContract
    from latentscape.testing.projector_contract import ProjectorContract
    from latentscape.testing.recipe_contract import RecipeContract
    from latentscape.testing.store_contract import (
        StoreContract,
        toy_latents,
        toy_manifest,
        toy_samples,
        write_toy_store,
    )
    from latentscape.testing.toys import (
        TOY_SHAPE,
        toy_images,
        toy_labels,
        toy_model,
        toy_objective,
        toy_pass,
        toy_style_net,
    )

WHERE = {
    "ExecutorContract": "executor_contract",
    "InterpolatorContract": "interpolator_contract",
    "ModelContract": "model_contract",
    "ProjectorContract": "projector_contract",
    "RecipeContract": "recipe_contract",
    "StoreContract": "store_contract",
    "degenerate_ends": "interpolator_contract",
    "toy_ends": "interpolator_contract",
    "toy_surroundings": "interpolator_contract",
    "toy_latents": "store_contract",
    "toy_manifest": "store_contract",
    "toy_samples": "store_contract",
    "write_toy_store": "store_contract",
    "TOY_SHAPE": "toys",
    "toy_images": "toys",
    "toy_labels": "toys",
    "toy_model": "toys",
    "toy_objective": "toys",
    "toy_pass": "toys",
    "toy_style_net": "toys",
}

__all__ = [
    "TOY_SHAPE",
    "ExecutorContract",
    "InterpolatorContract",
    "ModelContract",
    "ProjectorContract",
    "RecipeContract",
    "StoreContract",
    "degenerate_ends",
    "toy_ends",
    "toy_images",
    "toy_labels",
    "toy_latents",
    "toy_manifest",
    "toy_model",
    "toy_objective",
    "toy_pass",
    "toy_samples",
    "toy_style_net",
    "toy_surroundings",
    "write_toy_store",
]


def __getattr__(name: str) -> object:
    if name not in WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{WHERE[name]}"), name)
