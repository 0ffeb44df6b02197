"""One graph of a pair, run a few rows at a time."""

import torch
from torch import Tensor, nn

from latentscape.errors import ModelError
from latentscape.models.onnx.file import Graph
from latentscape.models.onnx.graph import OnnxGraph

AT_ONCE, AT_ONCE_ELSEWHERE = 1 << 17, 1 << 23  # pixel values that go through a graph together
SAME = 1e-3  # of the largest value: what rows may differ by, sent together or alone


class Half(nn.Module):
    """One graph of the pair: a few rows at a time, some of its outputs side by side on axis 1.

    Args:
        graph: What the file says.
        chosen: Which of its outputs.
        values_a_row: Pixel values for each value of the graph's input; by them rows are counted.
    """

    def __init__(self, graph: Graph, chosen: tuple[int, ...], values_a_row: float):
        super().__init__()
        self.graph = OnnxGraph(graph)
        self.chosen = chosen
        self.values_a_row = values_a_row
        sizes = graph.inputs[0].sizes
        self.fixed_rows = sizes[0] if sizes else None

    def forward(self, rows: Tensor) -> Tensor:
        """``batch ...`` to ``batch ...``."""
        if self.fixed_rows is not None:
            parts = [self._fixed(part) for part in rows.split(self.fixed_rows)]
        elif torch.is_grad_enabled() and rows.requires_grad:
            return self._of(rows)
        else:
            at_once = AT_ONCE if rows.device.type == "cpu" else AT_ONCE_ELSEWHERE  # caches differ
            n_rows = max(1, int(at_once / (rows[:1].numel() * self.values_a_row)))
            parts = [self._of(part) for part in rows.split(n_rows)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def settled(self, rows: Tensor) -> Tensor:
        """Send rows together and alone; where they come out otherwise together, go row by row.

        A file may leave the number of rows open and yet have one built in.

        Raises:
            ModelError: If a row sent alone does not come back as one.
        """
        if self.fixed_rows is not None:
            return self(rows)
        alone = [self(row[None]) for row in rows]
        if any(len(row) != 1 for row in alone):
            raise ModelError(
                f"{self.graph.file} makes {len(alone[0])} rows of one: another number is built in",
                "export it for batches of any size, or of 1",
            )
        apart = torch.cat(alone)
        try:
            together = self._of(rows)
        except ModelError:
            together = None
        if together is None or not _same(together, apart):
            self.fixed_rows = 1
        return apart

    def _fixed(self, rows: Tensor) -> Tensor:
        """Through a graph that was exported for one number of rows, filled up to it."""
        missing = (self.fixed_rows or 0) - len(rows)
        if not missing:
            return self._of(rows)
        return self._of(torch.cat([rows, rows[-1:].expand(missing, *rows.shape[1:])]))[: len(rows)]

    def _of(self, rows: Tensor) -> Tensor:
        if rows.dim() == 4 and rows.device.type == "cpu":  # a sixth faster there
            rows = rows.contiguous(memory_format=torch.channels_last)
        every = self.graph(rows)
        made = [every[i] for i in self.chosen]
        return (torch.cat(made, 1) if made[1:] else made[0]).contiguous()


def _same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    return torch.allclose(one, other, rtol=0, atol=SAME * float(other.abs().max()), equal_nan=True)
