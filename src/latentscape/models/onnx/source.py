"""An ONNX file on disk, with the weights that lie beside it, and the hash of all of them."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from latentscape.errors import ModelError

if TYPE_CHECKING:
    import onnx


def load_file(path: Path) -> tuple["onnx.ModelProto", str]:
    """The file with the weights that lie beside it, and functions written out.

    Weights are read where onnx allows it: from plain files in the model's own folder.

    Returns:
        What the file says; SHA-256 of it and of the weights that it keeps in other files.

    Raises:
        ModelError: If it is no ONNX file or damaged, or its weights cannot be read.
    """
    import onnx
    from google.protobuf.message import DecodeError
    from onnx.inliner import inline_local_functions

    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, ValueError) as error:
        raise ModelError(f"{path} is damaged or no ONNX file", "restore or export it") from error
    if not model.graph.node or not model.opset_import:
        raise ModelError(f"{path} is no ONNX file: it holds no graph", "export the model again")
    for values in _read_beside(model, path):
        digest.update(values)
    if not model.functions:
        return model, digest.hexdigest()
    try:
        return inline_local_functions(model), digest.hexdigest()
    except Exception as error:  # onnx's own say no more than that
        raise ModelError(f"the functions in {path} are damaged", "export it again") from error


def _read_beside(model: "onnx.ModelProto", path: Path) -> list[bytes]:
    """Read into the model what its tensors keep in other files; their values, in order."""
    from onnx.checker import ValidationError
    from onnx.external_data_helper import (
        _get_all_tensors,  # constants and those within attributes: onnx's own list
        load_external_data_for_tensor,
        uses_external_data,
    )

    found = []
    for tensor in filter(uses_external_data, _get_all_tensors(model)):
        name = next((one.value for one in tensor.external_data if one.key == "location"), "")
        try:
            load_external_data_for_tensor(tensor, str(path.parent))
        except (OSError, ValueError, ValidationError) as error:
            raise _unreadable(path, name) from error
        found.append(tensor.raw_data)
    return found


def _unreadable(path: Path, name: str) -> ModelError:
    """The error of weights that cannot be read from the file of this name, with the reason."""
    together = "put the files that were exported together into one folder"
    if not name or not isinstance(name, str):  # text that is damaged comes as bytes
        return ModelError(f"{path} does not say where its weights lie", "export it again")
    if Path(name).is_absolute() or ".." in Path(name).parts:
        reason, hint = "that is outside of its folder", f"{together}, or export them into it"
    elif (path.parent / name).is_symlink():
        reason = "that is a link, which onnx does not follow"
        hint = "copy both files into one folder, links followed (cp -L)"
    elif not (path.parent / name).is_file():
        reason, hint = "there is no such file", together
    else:
        reason, hint = "it does not hold what it should", "restore it, or export the model again"
    return ModelError(f"the weights of {path} cannot be read from {name}: {reason}", hint)
