"""Writes optimizers_torch.json: PyTorch's optimisers over 1,000 steps of a small network.

2 inputs, 3 sigmoid units, 1 sigmoid unit; mean squared error; float64; every step on all 8 rows.
A case holds the options by Lanewise's names, the losses of some steps (before their update)
and the last parameters. The rates keep the paths stable: at twice its rate RMSprop is chaotic, and
PyTorch differs from itself by 1e-6 when a weight starts 1e-15 off.
Run with PyTorch, which is needed for nothing else: python tests/golden/make_optimizers_torch.py
"""
import json
import pathlib

import torch

STEPS = 1000
LOGGED = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000]

optim = torch.optim
# options of Lanewise, class of PyTorch
CASES = [
    ({"kind": "sgd"}, optim.SGD),
    ({"kind": "sgd", "weight_decay": 0.01}, optim.SGD),
    ({"kind": "momentum", "momentum": 0.9}, optim.SGD),
    ({"kind": "momentum", "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.001}, optim.SGD),
    ({"kind": "momentum", "momentum": 0.8, "nesterov": True}, optim.SGD),
    ({"kind": "momentum", "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}, optim.SGD),
    ({"kind": "adam"}, optim.Adam),
    ({"kind": "adam", "weight_decay": 0.01}, optim.Adam),
    ({"kind": "adam", "amsgrad": True}, optim.Adam),
    ({"kind": "adamw", "weight_decay": 0.05}, optim.AdamW),
    ({"kind": "adamw", "weight_decay": 0.05, "amsgrad": True}, optim.AdamW),
    ({"kind": "rmsprop"}, optim.RMSprop),
    ({"kind": "rmsprop", "weight_decay": 0.0001}, optim.RMSprop),
    ({"kind": "rmsprop", "centered": True}, optim.RMSprop),
    ({"kind": "rmsprop", "alpha": 0.995, "rmsprop_momentum": 0.5}, optim.RMSprop),
    ({"kind": "rmsprop", "rmsprop_momentum": 0.5, "centered": True}, optim.RMSprop),
    ({"kind": "adagrad"}, optim.Adagrad),
    ({"kind": "adagrad", "weight_decay": 0.01}, optim.Adagrad),
]
RATES = {"sgd": 0.5, "momentum": 0.1, "adam": 0.01, "adamw": 0.01, "rmsprop": 0.002, "adagrad": 0.1}
RENAMED = {"learning_rate": "lr", "epsilon": "eps", "rmsprop_momentum": "momentum"}

X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1], [-1, 0.5], [0.25, -2], [2, 1.5], [-0.5, -0.75]],
                 dtype=torch.float64)
Y = torch.tensor([[0], [1], [1], [0], [1], [1], [0], [0]], dtype=torch.float64)
START = [torch.tensor([[0.5, -0.4, 0.3], [-0.2, 0.6, 0.1]], dtype=torch.float64),
         torch.tensor([0.1, -0.1, 0.2], dtype=torch.float64),
         torch.tensor([[0.7], [-0.5], [0.9]], dtype=torch.float64),
         torch.tensor([-0.3], dtype=torch.float64)]


def run(options, make):
    parameters = [p.clone().requires_grad_() for p in START]
    theirs = {RENAMED.get(k, k): v for k, v in options.items() if k != "kind"}
    optimizer = make(parameters, **({"weight_decay": 0} | theirs))
    losses = []
    for step in range(1, STEPS + 1):
        W1, b1, W2, b2 = parameters
        loss = ((torch.sigmoid(torch.sigmoid(X @ W1 + b1) @ W2 + b2) - Y) ** 2).mean()
        if step in LOGGED:
            losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, torch.cat([p.detach().ravel() for p in parameters]).tolist()


def case(options, make):
    options = {**options, "learning_rate": RATES[options["kind"]]}
    if make is not optim.SGD:
        options["epsilon"] = 1e-8
    losses, last = run(options, make)
    return {"options": options, "losses": losses, "parameters": last}


golden = {"torch": torch.__version__, "steps": LOGGED, "X": X.tolist(), "Y": Y.tolist(),
          "start": [p.tolist() for p in START], "cases": [case(o, make) for o, make in CASES]}
lines = [f'"{k}": {json.dumps(v)}' for k, v in golden.items() if k != "cases"]
lines.append('"cases": [\n' + ",\n".join(json.dumps(c) for c in golden["cases"]) + "\n]")
path = pathlib.Path(__file__).with_name("optimizers_torch.json")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
