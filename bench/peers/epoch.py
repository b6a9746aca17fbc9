"""Epochs of the networks that lanewise_epoch wrote to a folder, in another library.

    epoch.py jax|torch|torch_compiled FOLDER THREADS

One JSON object for each line of stdin: the seconds of an epoch and its loss. Rows come in the same order as
there, so the losses agree but for rounding. Several networks are one program over stacked parameters.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


class Task:
    """What is trained: x, y, the recipe; of each network what a row weighs, and the first values."""

    def __init__(self, folder):
        self.recipe = json.loads((folder / "recipe.json").read_text())
        self.networks, self.batch = self.recipe["networks"], self.recipe["batch"]
        self.x, self.y = np.load(folder / "x.npy"), np.load(folder / "y.npy")
        self.rows = len(self.x)
        self.weights = np.ones((1, self.rows, 1), np.float32)
        if self.networks > 1:
            folds = np.load(folder / "folds.npy")
            self.weights = np.stack([folds != k for k in range(self.networks)]).astype(np.float32)[..., None]
        first = np.load(folder / "first.npz")
        count = len(first.files) // self.networks
        self.parameters = [np.stack([first[f"{k}/{i}"] for k in range(self.networks)]) for i in range(count)]
        for i in range(1, count, 2):
            self.parameters[i] = self.parameters[i].reshape(self.networks, 1, -1)
        self.draw = np.random.RandomState(self.recipe["seed"])

    def order(self):
        return self.draw.permutation(self.rows)


def of_jax(task, _):
    import jax
    import jax.numpy as jnp

    r = task.recipe
    x, y, weights = jax.device_put((task.x, task.y, task.weights))

    def costs(p, batch):
        """Of each network the sums of weighted costs and of weights."""
        a, y, w = batch
        for i in range(0, len(p), 2):
            z = a @ p[i] + p[i + 1]
            a = jnp.maximum(z, 0)
        cost = jnp.maximum(z, 0) - y * z + jnp.log1p(jnp.exp(-jnp.abs(z)))
        return (cost * w).sum((1, 2)), w.sum((1, 2))

    def objective(p, batch):
        cost, weight = costs(p, batch)
        return (cost / weight).sum(), (cost, weight)

    def step(state, rows):
        p, m, v, average, t = state
        batch = x[rows], y[rows], weights[:, rows]
        (_, sums), gradients = jax.value_and_grad(objective, has_aux=True)(p, batch)
        t = t + 1
        d = jnp.minimum(r["average"], t / (t + 10))
        size, spread = r["lr"] / (1 - r["beta1"] ** t), 1 / jnp.sqrt(1 - r["beta2"] ** t)
        m = [r["beta1"] * a + (1 - r["beta1"]) * g for a, g in zip(m, gradients)]
        v = [r["beta2"] * a + (1 - r["beta2"]) * g * g for a, g in zip(v, gradients)]
        p = [a * (1 - r["lr"] * r["weight_decay"]) - size * b / (jnp.sqrt(c) * spread + r["epsilon"])
             for a, b, c in zip(p, m, v)]
        average = [d * a + (1 - d) * b for a, b in zip(average, p)]
        return (p, m, v, average, t), sums

    def epoch(state, order):
        whole = task.rows // task.batch * task.batch
        state, (cost, weight) = jax.lax.scan(step, state, order[:whole].reshape(-1, task.batch))
        cost, weight = cost.sum(0), weight.sum(0)
        if whole < task.rows:
            state, (c, w) = step(state, order[whole:])
            cost, weight = cost + c, weight + w
        return state, (cost / weight).mean()

    compiled = jax.jit(epoch, donate_argnums=0)
    zeros = lambda: [np.zeros_like(a) for a in task.parameters]
    state = jax.device_put((task.parameters, zeros(), zeros(), [a.copy() for a in task.parameters], np.float32(0)))

    def run():
        nonlocal state
        state, loss = compiled(state, task.order())
        jax.block_until_ready(state)
        return float(loss)

    return run


def of_torch(task, threads, compiled=False):
    import torch

    torch.set_num_threads(threads)
    r = task.recipe
    x, y, weights = map(torch.from_numpy, (task.x, task.y, task.weights))
    p = [torch.from_numpy(a).requires_grad_() for a in task.parameters]
    averages = [a.detach().clone() for a in p]
    optimiser = torch.optim.AdamW(p, lr=r["lr"], betas=(r["beta1"], r["beta2"]), eps=r["epsilon"],
                                  weight_decay=r["weight_decay"], fused=True)

    def costs(a, y, w):
        a = a.expand(task.networks, -1, -1)
        for i in range(0, len(p), 2):
            z = torch.baddbmm(p[i + 1], a, p[i])
            a = torch.relu(z)
        cost = torch.nn.functional.binary_cross_entropy_with_logits(z, y.expand_as(z), w, reduction="none")
        return cost.sum((1, 2)), w.sum((1, 2))

    if compiled:
        costs = torch.compile(costs, dynamic=False)
    steps = 0

    def run():
        nonlocal steps
        order = torch.from_numpy(task.order())
        sums = torch.zeros(2, task.networks)
        for rows in order.split(task.batch):
            cost, weight = costs(x[rows], y[rows], weights[:, rows])
            optimiser.zero_grad()
            (cost / weight).sum().backward()
            optimiser.step()
            steps += 1
            with torch.no_grad():
                torch._foreach_lerp_(averages, p, 1 - min(r["average"], steps / (steps + 10)))
                sums += torch.stack((cost, weight))
        return (sums[0] / sums[1]).mean().item()

    return run


LIBRARIES = {"jax": of_jax, "torch": of_torch, "torch_compiled": lambda *job: of_torch(*job, compiled=True)}


def main():
    library, folder, threads = sys.argv[1:]
    run = LIBRARIES[library](Task(Path(folder)), int(threads))
    run()  # compiles; ours plans in its first
    for _ in sys.stdin:
        start = time.perf_counter()
        loss = run()
        print(json.dumps({"seconds": time.perf_counter() - start, "value": loss}), flush=True)


if __name__ == "__main__":
    main()
