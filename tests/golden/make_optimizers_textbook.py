"""Writes optimizers_textbook.json: a few steps of each optimiser, by hand in NumPy.

The formulas are PyTorch's; the gradients are made up: cos(k + step) for element k.
Run: python tests/golden/make_optimizers_textbook.py
"""
import json
import pathlib

import numpy as np

STEPS, RATE, MOMENTUM, B1, B2, EPS = 5, 0.1, 0.9, 0.9, 0.999, 1e-8
START = [np.array([0.5, -1.0, 2.0]), np.array([3.0])]


def gradients(step):
    return [np.cos(np.arange(3) + step), np.cos(np.arange(3, 4) + step)]


def clipped(grads, limit):
    if limit == 0:
        return grads
    norm = np.sqrt(sum((g ** 2).sum() for g in grads))
    return [g * min(1.0, limit / (norm + 1e-6)) for g in grads]


def adam_step(p, g, s, t):
    s["m"] = B1 * s.get("m", 0) + (1 - B1) * g
    s["v"] = B2 * s.get("v", 0) + (1 - B2) * g ** 2
    denominator = np.sqrt(s["v"]) / np.sqrt(1 - B2 ** t) + EPS
    return p - RATE / (1 - B1 ** t) * s["m"] / denominator


def run(kind, decay, clip):
    params, state = [p.copy() for p in START], [{}, {}]
    for t in range(1, STEPS + 1):
        for k, g in enumerate(clipped(gradients(t), clip)):
            p, s = params[k], state[k]
            if kind == "adamw":
                p = p * (1 - RATE * decay)
            else:
                g = g + decay * p
            if kind == "sgd":
                p = p - RATE * g
            elif kind == "momentum":
                s["m"] = MOMENTUM * s.get("m", 0) + g
                p = p - RATE * s["m"]
            else:
                p = adam_step(p, g, s, t)
            params[k] = p
    return np.concatenate(params).tolist()


cases = [{"kind": kind, "weight_decay": decay, "clip_norm": clip, "result": run(kind, decay, clip)}
         for kind in ("sgd", "momentum", "adam", "adamw")
         for decay, clip in ((0.0, 0.0), (0.2, 0.0), (0.0, 0.5))]
golden = {"steps": STEPS, "learning_rate": RATE, "cases": cases}
path = pathlib.Path(__file__).with_name("optimizers_textbook.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
