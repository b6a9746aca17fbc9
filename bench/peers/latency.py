"""How long single calls of a network take in another library: what lanewise_latency does for ours.

    latency.py LIBRARY ROWS CALLS GAP THREADS HIDDEN
"""

import json
import sys
import time

import numpy as np

import data

INPUTS = 100


def parameters(hidden):
    widths = [INPUTS, *hidden, 1]
    shapes = [shape for n, k in zip(widths, widths[1:]) for shape in ((n, k), (k,))]
    return [data.parameter(i, *shape) for i, shape in enumerate(shapes)]


def onnxruntime_network(hidden, threads):
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, value = [], [], "X"
    arrays = parameters(hidden)
    last = len(hidden)
    for i in range(last + 1):
        constants += [numpy_helper.from_array(a, f"{kind}{i}") for kind, a in zip("Wb", arrays[2 * i:])]
        nodes += [
            helper.make_node("Gemm", [value, f"W{i}", f"b{i}"], [f"Z{i}"]),
            helper.make_node("Sigmoid" if i == last else "Relu", [f"Z{i}"], [f"A{i}"]),
        ]
        value = f"A{i}"
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["m", INPUTS])],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, ["m", 1])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda X: session.run(None, {"X": X})[0]


def numpy_network(hidden, _threads):
    arrays = parameters(hidden)
    *layers, (W, b) = zip(arrays[::2], arrays[1::2])

    def answer(A):
        for V, c in layers:
            A = np.maximum(A @ V + c, 0)
        return 1 / (1 + np.exp(-(A @ W + b)))

    return answer


NETWORKS = {"onnxruntime": onnxruntime_network, "numpy": numpy_network}


def main():
    library, rows, calls, gap, threads = sys.argv[1], *map(int, sys.argv[2:6])
    answer = NETWORKS[library]([int(units) for units in sys.argv[6].split(",")], threads)
    X = data.uniform(data.INPUTS, (rows, INPUTS))
    seconds = []
    for call in range(-calls // 10, calls):
        if gap:
            time.sleep(gap * 1e-6)
        start = time.perf_counter()
        out = answer(X)
        taken = time.perf_counter() - start
        if call >= 0:
            seconds.append(taken)
    seconds.sort()
    shares = {f"p{100 * p:g}": seconds[int(p * (calls - 1))] for p in (0.5, 0.99, 0.999)}
    print(json.dumps(shares | {"value": float(out.mean(dtype=np.float64))}))


if __name__ == "__main__":
    main()
