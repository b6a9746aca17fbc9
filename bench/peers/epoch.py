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
        self.weights = None  # alike
        if (folder / "folds.npy").exists():
            folds = np.load(folder / "folds.npy")
            self.weights = np.stack([folds != k for k in range(self.networks)]).astype(np.float32)
        first = np.load(folder / "first.npz")
        count = len(first.files) // self.networks
        self.parameters = [np.stack([first[f"{k}/{i}"] for k in range(self.networks)]) for i in range(count)]
        self.binary = self.parameters[-1].shape[1] == 1
        for i in range(1, count, 2):
            self.parameters[i] = self.parameters[i].reshape(self.networks, 1, -1)
        self.draw = np.random.RandomState(self.recipe["seed"])

    def order(self):
        """Of the rows of an epoch; None: as they lie."""
        return self.draw.permutation(self.rows) if self.recipe["shuffle"] else None


def of_jax(task, _):
    import jax
    import jax.numpy as jnp

    r, batch, whole = task.recipe, task.batch, task.rows // task.batch * task.batch
    x, y, weights = jax.device_put((task.x, task.y, task.weights))

    def costs(p, a, y, w):
        """Of each network the sums of weighted costs and of weights."""
        for i in range(0, len(p), 2):
            z = a @ p[i] + p[i + 1]
            a = jnp.maximum(z, 0)
        if task.binary:
            cost = (jnp.maximum(z, 0) - y * z + jnp.log1p(jnp.exp(-jnp.abs(z))))[..., 0]
        else:
            own = jnp.take_along_axis(z, jnp.broadcast_to(y[:, None], z.shape[:-1] + (1,)), -1)
            cost = jax.nn.logsumexp(z, -1) - own[..., 0]
        if w is None:
            return cost.sum(1), jnp.full(task.networks, float(y.shape[0]))
        return (cost * w).sum(1), w.sum(1)

    def objective(p, rows):
        cost, weight = costs(p, *rows)
        return (cost / weight).sum(), (cost, weight)

    def step(state, rows):
        p, m, v, average, t = state
        (_, sums), gradients = jax.value_and_grad(objective, has_aux=True)(p, rows)
        t = t + 1
        size, spread = r["lr"] / (1 - r["beta1"] ** t), 1 / jnp.sqrt(1 - r["beta2"] ** t)
        m = [r["beta1"] * a + (1 - r["beta1"]) * g for a, g in zip(m, gradients)]
        v = [r["beta2"] * a + (1 - r["beta2"]) * g * g for a, g in zip(v, gradients)]
        p = [a * (1 - r["lr"] * r["weight_decay"]) - size * b / (jnp.sqrt(c) * spread + r["epsilon"])
             for a, b, c in zip(p, m, v)]
        if r["average"]:
            d = jnp.minimum(r["average"], t / (t + 10))
            average = [d * a + (1 - d) * b for a, b in zip(average, p)]
        return (p, m, v, average, t), sums

    def pick(rows):
        return x[rows], y[rows], None if weights is None else weights[:, rows]

    def in_batches(a):
        return a[:whole].reshape(-1, batch, *a.shape[1:])

    def epoch(state, order):
        if order is None:
            theirs = None if weights is None else jnp.moveaxis(in_batches(weights.T), 2, 1)
            batches, one_step, rest = (in_batches(x), in_batches(y), theirs), step, slice(whole, None)
        else:
            batches, one_step, rest = in_batches(order), lambda state, rows: step(state, pick(rows)), order[whole:]
        state, (cost, weight) = jax.lax.scan(one_step, state, batches)
        cost, weight = cost.sum(0), weight.sum(0)
        if whole < task.rows:
            state, (c, w) = step(state, pick(rest))
            cost, weight = cost + c, weight + w
        return state, (cost / weight).mean()

    compiled = jax.jit(epoch, donate_argnums=0)
    zeros = lambda: [np.zeros_like(a) for a in task.parameters]
    averages = [a.copy() for a in task.parameters] if r["average"] else []
    state = jax.device_put((task.parameters, zeros(), zeros(), averages, np.float32(0)))

    def run():
        nonlocal state
        state, loss = compiled(state, task.order())
        jax.block_until_ready(state)
        return float(loss)

    return run


def of_torch(task, threads, compiled=False):
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    torch.set_num_threads(threads)
    r = task.recipe
    x, y = torch.from_numpy(task.x), torch.from_numpy(task.y)
    weights = None if task.weights is None else torch.from_numpy(task.weights)
    p = [torch.from_numpy(a).requires_grad_() for a in task.parameters]
    averages = [a.detach().clone() for a in p] if r["average"] else []
    optimiser = torch.optim.AdamW(p, lr=r["lr"], betas=(r["beta1"], r["beta2"]), eps=r["epsilon"],
                                  weight_decay=r["weight_decay"], fused=True)

    def costs(a, y, w):
        a = a.expand(task.networks, -1, -1)
        for i in range(0, len(p), 2):
            z = torch.baddbmm(p[i + 1], a, p[i])
            a = torch.relu(z)
        if task.binary:
            cost = binary_cross_entropy_with_logits(z, y.expand_as(z), reduction="none")[..., 0]
        else:
            cost = cross_entropy(z.mT, y.long().expand(task.networks, -1), reduction="none")
        if w is None:
            return cost.sum(1), torch.full((task.networks,), float(len(y)))
        return (cost * w).sum(1), w.sum(1)

    if compiled:
        costs = torch.compile(costs, dynamic=False)
    steps = 0

    def batches():
        order = task.order()
        if order is not None:
            return torch.from_numpy(order).split(task.batch)
        return [slice(i, i + task.batch) for i in range(0, task.rows, task.batch)]

    def run():
        nonlocal steps
        sums = torch.zeros(2, task.networks)
        for rows in batches():
            cost, weight = costs(x[rows], y[rows], None if weights is None else weights[:, rows])
            optimiser.zero_grad()
            (cost / weight).sum().backward()
            optimiser.step()
            steps += 1
            with torch.no_grad():
                if averages:
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
