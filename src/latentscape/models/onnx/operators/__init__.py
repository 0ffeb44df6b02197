"""What each ONNX operator does, in torch; a file a kind."""

from collections.abc import Callable

from torch import Tensor

from latentscape.models.onnx.operators.elementwise import ELEMENTWISE
from latentscape.models.onnx.operators.linear import LINEAR
from latentscape.models.onnx.operators.normalisation import NORMALISATION
from latentscape.models.onnx.operators.pooling import POOLING
from latentscape.models.onnx.operators.resize import RESIZE
from latentscape.models.onnx.operators.shaping import SHAPING

Operator = Callable[..., Tensor | tuple[Tensor, ...]]

OPERATORS: dict[str, Operator] = {
    **LINEAR,
    **ELEMENTWISE,
    **NORMALISATION,
    **POOLING,
    **RESIZE,
    **SHAPING,
}

# Inputs, by place, that are read as numbers and not as data.
HOST: dict[str, tuple[int, ...]] = {
    "Clip": (1, 2),
    "ConstantOfShape": (0,),
    "Dropout": (1, 2),
    "Expand": (1,),
    "Pad": (1, 2, 3),
    "ReduceL2": (1,),
    "ReduceMax": (1,),
    "ReduceMean": (1,),
    "ReduceMin": (1,),
    "ReduceSum": (1,),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Tile": (1,),
    "Unsqueeze": (1,),
    "Upsample": (1,),
}

# What makes of sizes other sizes, or factors: on the host, as long as no data comes in.
COUNTS = {
    "Abs", "Add", "And", "Cast", "Ceil", "Clip", "Concat", "Div", "Equal", "Floor", "Gather",
    "Greater", "Identity", "Less", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pow",
    "ReduceMax", "ReduceMin", "ReduceSum", "Reshape", "Round", "Slice", "Split", "Sqrt", "Squeeze",
    "Sub", "Unsqueeze", "Where",
}  # fmt: skip

# What these make of data is in the precision of the graph's input, whatever the file says.
MAKES_FLOATS = {"Cast", "CastLike", "ConstantOfShape", "Range"}

__all__ = ["COUNTS", "HOST", "MAKES_FLOATS", "OPERATORS", "Operator"]
