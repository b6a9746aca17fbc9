"""Writes layers_torch.json: layers and losses of PyTorch, in float64.

Outputs, and slopes of sum(output · cos(k)) over the flattened output. Where PyTorch has no such
loss (focal, quantile) its formula is written down here and PyTorch gives the slopes.
Run with PyTorch, which is needed for nothing else: python tests/golden/make_layers_torch.py
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def wave(*shape, scale=1.0):
    """Numbers that look random, the same everywhere."""
    n = torch.tensor(shape).prod().item()
    return (scale * torch.sin(torch.arange(n) ** 2 * 0.7 + 1)).reshape(shape)


def flat(x):
    return x.detach().ravel().tolist()


def slopes(output, arguments):
    total = (output.ravel() * torch.cos(torch.arange(output.numel()))).sum()
    return [flat(g) for g in torch.autograd.grad(total, arguments)]


def batch_norm():
    layer = torch.nn.BatchNorm1d(3, momentum=0.2)
    layer.weight.data, layer.bias.data = wave(3) + 1.5, wave(3)
    X1, X2 = (wave(5, 3, scale=2) + 1).requires_grad_(), wave(4, 3, scale=3) - 1
    first = layer(X1)
    grads = slopes(first, [layer.weight, layer.bias, X1])
    layer(X2)
    moving = [flat(layer.running_mean), flat(layer.running_var)]
    return {"X1": flat(X1), "X2": flat(X2), "scale": flat(layer.weight), "shift": flat(layer.bias),
            "training": flat(first), "slopes": grads, "moving": moving,
            "inference": flat(layer.eval()(X1))}


def layer_norm():
    layer = torch.nn.LayerNorm(4)
    layer.weight.data, layer.bias.data = wave(4) + 1.5, wave(4)
    X = (wave(3, 4, scale=2) + 1).requires_grad_()
    output = layer(X)
    return {"X": flat(X), "scale": flat(layer.weight), "shift": flat(layer.bias),
            "output": flat(output), "slopes": slopes(output, [layer.weight, layer.bias, X])}


def focal_binary(z, y, focus):
    p = torch.sigmoid(z)
    return (-y * (1 - p) ** focus * F.logsigmoid(z)
            - (1 - y) * p ** focus * F.logsigmoid(-z)).mean()


def focal_softmax(z, classes, focus):
    log_p = F.log_softmax(z, 1)[torch.arange(len(z)), classes]
    return (-(1 - log_p.exp()) ** focus * log_p).mean()


def pinball(x, y, q):
    return torch.maximum(q * (y - x), (q - 1) * (y - x)).mean()


def smoothed(y, s):
    return y * (1 - s) + s / 2


Z, Y = wave(6, 1, scale=4), torch.tensor([[0.0], [1], [1], [0], [1], [0]])
LOGITS, CLASSES = wave(6, 3, scale=4), torch.tensor([0, 2, 1, 1, 0, 2])
PAIR = (Z, Y), "binary_cross_entropy"
MANY = (LOGITS, CLASSES), "softmax_cross_entropy"
T = wave(6, 1, scale=3) * 1.3 + 0.2
CLASS_WEIGHTS = torch.tensor([0.5, 2.0, 1.25])

LOSSES = [
    (*PAIR, {}, F.binary_cross_entropy_with_logits),
    (*PAIR, {"smoothing": 0.1}, lambda z, y: F.binary_cross_entropy_with_logits(z, smoothed(y, 0.1))),
    (*PAIR, {"focus": 2.0}, lambda z, y: focal_binary(z, y, 2.0)),
    (*PAIR, {"focus": 0.5, "smoothing": 0.2}, lambda z, y: focal_binary(z, smoothed(y, 0.2), 0.5)),
    (*MANY, {}, F.cross_entropy),
    (*MANY, {"smoothing": 0.1}, lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1)),
    (*MANY, {"focus": 2.0}, lambda z, y: focal_softmax(z, y, 2.0)),
    (*MANY, {"class_weights": CLASS_WEIGHTS.tolist()}, lambda z, y: F.cross_entropy(z, y, CLASS_WEIGHTS)),
    ((Z, T), "huber", {"delta": 1.0}, F.huber_loss),
    ((Z, T), "huber", {"delta": 0.3}, lambda x, y: F.huber_loss(x, y, delta=0.3)),
    ((Z, T), "quantile", {"quantile": 0.9}, lambda x, y: pinball(x, y, 0.9)),
    ((Z, T), "mean_squared_error", {}, F.mse_loss),
]


def loss(arguments, name, options, function):
    output = arguments[0].clone().requires_grad_()
    value = function(output, arguments[1])
    return {"loss": name, "options": options, "columns": output.shape[1], "output": flat(output),
            "targets": flat(arguments[1]), "value": value.item(),
            "slopes": flat(torch.autograd.grad(value, output)[0])}


golden = {"torch": torch.__version__, "batch_norm": batch_norm(), "layer_norm": layer_norm()}
lines = [f'"{k}": {json.dumps(v)}' for k, v in golden.items()]
lines.append('"losses": [\n' + ",\n".join(json.dumps(loss(*case)) for case in LOSSES) + "\n]")
path = pathlib.Path(__file__).with_name("layers_torch.json")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
