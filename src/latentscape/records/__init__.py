"""What verbs return: frozen, NumPy inside, to and from JSON + npz; the basis of the wire format."""

from latentscape.records.collapse import CollapseRecord
from latentscape.records.comparison import (
    ComparedRun,
    ComparisonLine,
    ComparisonRecord,
    ComparisonTable,
    Difference,
    Setting,
    TruthOrder,
)
from latentscape.records.comparison_csv import write_csv
from latentscape.records.disentanglement import DisentanglementRecord, TraversalRecord
from latentscape.records.exported import ExportRecord
from latentscape.records.finetuning import FineTuneRecord
from latentscape.records.generation import Drawn, Features, GenerationRecord
from latentscape.records.measure import (
    Better,
    Measure,
    Provenance,
    Reference,
    Row,
    Undefined,
)
from latentscape.records.motion import (
    MotionMaps,
    MotionPlane,
    MotionRecord,
    ShiftTable,
    ShotTable,
)
from latentscape.records.neighbours import Neighbours
from latentscape.records.prediction import MotionThird, PredictionRecord, PredictorFit
from latentscape.records.record import UNREADABLE, Array, Record, load_record, refusal, replacing
from latentscape.records.results import (
    DemoRecord,
    HistoryRecord,
    InfoRecord,
    MapRecord,
    MapsRecord,
    ReconstructionRecord,
    ReportRecord,
    RunRecord,
    SheetRecord,
    StoreRecord,
    TrajectoryRecord,
)
from latentscape.records.rows import FoundRow, rows_of
from latentscape.records.run_file import FORMAT, RUN_FILE, read_run
from latentscape.records.run_folder import run_of, runs_in, stem_of
from latentscape.records.run_records import run_records
from latentscape.records.side_by_side import MeasuredRun, side_by_side
from latentscape.records.smoothness import Smoothness
from latentscape.records.structure import PrincipalPlane, StructureRecord
from latentscape.records.trajectories import Journeys, TrajectoriesRecord, TrueWays

__all__ = [
    "FORMAT",
    "RUN_FILE",
    "UNREADABLE",
    "Array",
    "Better",
    "CollapseRecord",
    "ComparedRun",
    "ComparisonLine",
    "ComparisonRecord",
    "ComparisonTable",
    "DemoRecord",
    "Difference",
    "DisentanglementRecord",
    "Drawn",
    "ExportRecord",
    "Features",
    "FineTuneRecord",
    "FoundRow",
    "GenerationRecord",
    "HistoryRecord",
    "InfoRecord",
    "Journeys",
    "MapRecord",
    "MapsRecord",
    "Measure",
    "MeasuredRun",
    "MotionMaps",
    "MotionPlane",
    "MotionRecord",
    "MotionThird",
    "Neighbours",
    "PredictionRecord",
    "PredictorFit",
    "PrincipalPlane",
    "Provenance",
    "ReconstructionRecord",
    "Record",
    "Reference",
    "ReportRecord",
    "Row",
    "RunRecord",
    "Setting",
    "SheetRecord",
    "ShiftTable",
    "ShotTable",
    "Smoothness",
    "StoreRecord",
    "StructureRecord",
    "TrajectoriesRecord",
    "TrajectoryRecord",
    "TraversalRecord",
    "TrueWays",
    "TruthOrder",
    "Undefined",
    "load_record",
    "read_run",
    "refusal",
    "replacing",
    "rows_of",
    "run_of",
    "run_records",
    "runs_in",
    "side_by_side",
    "stem_of",
    "write_csv",
]
