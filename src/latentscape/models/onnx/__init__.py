"""A pair of ONNX files as a model: read, run in torch, and held to what a model must keep to."""

from latentscape.models.onnx.file import Graph, Node, Port, read_graph
from latentscape.models.onnx.graph import OnnxGraph
from latentscape.models.onnx.pair import open_pair

__all__ = ["Graph", "Node", "OnnxGraph", "Port", "open_pair", "read_graph"]
