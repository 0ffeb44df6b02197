"""See, measure and travel the latent space of any autoencoder.

The hall: every verb of the command line, the configs they take, and the doors to what lies on
disk. Names are fetched when first used; importing costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from latentscape.data import DataConfig as DataConfig
    from latentscape.data import load_images as load_images
    from latentscape.errors import LatentscapeError as LatentscapeError
    from latentscape.explorer import explore as explore
    from latentscape.models import open_model as open_model
    from latentscape.models import running_in as running_in
    from latentscape.motion.predictors import FitConfig as FitConfig
    from latentscape.records import load_record as load_record
    from latentscape.report.write import report as report
    from latentscape.store import Store as Store
    from latentscape.training import FinetuneConfig as FinetuneConfig
    from latentscape.training import TrainConfig as TrainConfig
    from latentscape.workflows.compare import compare as compare
    from latentscape.workflows.demo import demo as demo
    from latentscape.workflows.encode import encode as encode
    from latentscape.workflows.export import export as export
    from latentscape.workflows.finetune import finetune as finetune
    from latentscape.workflows.info import info as info
    from latentscape.workflows.interpolate import interpolate as interpolate
    from latentscape.workflows.measure import measure as measure
    from latentscape.workflows.motion import motion as motion
    from latentscape.workflows.motion.analysis import MotionConfig as MotionConfig
    from latentscape.workflows.motion.predict import PredictConfig as PredictConfig
    from latentscape.workflows.motion.predict import predict_middles as predict_middles
    from latentscape.workflows.project import project as project
    from latentscape.workflows.tour import tour as tour
    from latentscape.workflows.train import train as train
    from latentscape.workflows.traverse import traverse as traverse

ROOMS = {
    "demo": "workflows.demo",
    "train": "workflows.train",
    "finetune": "workflows.finetune",
    "encode": "workflows.encode",
    "measure": "workflows.measure",
    "project": "workflows.project",
    "interpolate": "workflows.interpolate",
    "predict_middles": "workflows.motion.predict",
    "tour": "workflows.tour",
    "traverse": "workflows.traverse",
    "compare": "workflows.compare",
    "export": "workflows.export",
    "info": "workflows.info",
    "explore": "explorer",
    "TrainConfig": "training",
    "FinetuneConfig": "training",
    "MotionConfig": "workflows.motion.analysis",
    "PredictConfig": "workflows.motion.predict",
    "FitConfig": "motion.predictors",
    "DataConfig": "data",
    "load_images": "data",
    "open_model": "models",
    "running_in": "models",
    "Store": "store",
    "load_record": "records",
    "LatentscapeError": "errors",
}

VERBS_AND_ROOMS = ("motion", "report")  # one name for both: the room itself can be called

__all__ = sorted([*ROOMS, *VERBS_AND_ROOMS])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name in VERBS_AND_ROOMS:
        return import_module(f"{__name__}.{name}")
    if name not in ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
