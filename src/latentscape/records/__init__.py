"""What verbs return: frozen, NumPy inside, to and from JSON + npz; the basis of the wire format."""

from latentscape.records.measure import (
    Better,
    Measure,
    Provenance,
    Reference,
    Row,
    Undefined,
)
from latentscape.records.neighbours import Neighbours
from latentscape.records.record import UNREADABLE, Array, Record, load_record, refusal, replacing
from latentscape.records.results import (
    DemoRecord,
    HistoryRecord,
    InfoRecord,
    MapRecord,
    ReconstructionRecord,
    ReportRecord,
    RunRecord,
    SheetRecord,
    StoreRecord,
    TrajectoryRecord,
)
from latentscape.records.run_file import FORMAT, RUN_FILE, read_run
from latentscape.records.structure import PrincipalPlane, StructureRecord

__all__ = [
    "FORMAT",
    "RUN_FILE",
    "UNREADABLE",
    "Array",
    "Better",
    "DemoRecord",
    "HistoryRecord",
    "InfoRecord",
    "MapRecord",
    "Measure",
    "Neighbours",
    "PrincipalPlane",
    "Provenance",
    "ReconstructionRecord",
    "Record",
    "Reference",
    "ReportRecord",
    "Row",
    "RunRecord",
    "SheetRecord",
    "StoreRecord",
    "StructureRecord",
    "TrajectoryRecord",
    "Undefined",
    "load_record",
    "read_run",
    "refusal",
    "replacing",
]
