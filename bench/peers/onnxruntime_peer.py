"""Forward passes in ONNX Runtime, the graph optimised for this machine."""

import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import data


def model(rows):
    constants = dict(zip(("W1", "b1", "W2", "b2"), data.dense(rows)))
    shape = ["m", 100] if rows else [100, "m"]
    out_shape = ["m", 1] if rows else [1, "m"]
    nodes = [
        helper.make_node("MatMul", ["X", "W1"] if rows else ["W1", "X"], ["P1"]),
        helper.make_node("Add", ["P1", "b1"], ["Z1"]),
        helper.make_node("Tanh", ["Z1"], ["A1"]),
        helper.make_node("MatMul", ["A1", "W2"] if rows else ["W2", "A1"], ["P2"]),
        helper.make_node("Add", ["P2", "b2"], ["Z2"]),
        helper.make_node("Sigmoid", ["Z2"], ["A2"]),
    ]
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("A2", TensorProto.FLOAT, out_shape)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def forward(rows):
    def make(m, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(model(rows), options, providers=["CPUExecutionProvider"])
        X, _ = data.samples(m, rows)
        return lambda: session.run(None, {"X": X})[0], data.mean_magnitude

    return make


WORKLOADS = {"forward_rows": forward(rows=True), "forward_columns": forward(rows=False)}
