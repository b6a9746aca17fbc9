"""The workloads in PyTorch, compiled by torch.compile."""

import torch

import data


def tensors(arrays):
    return [torch.from_numpy(a) for a in arrays]


def evaluation(f, *arguments):
    compiled = torch.compile(f)

    def run():
        with torch.inference_mode():
            return compiled(*arguments)

    return run, data.mean_magnitude


def network(p, X, rows):
    W1, b1, W2, b2 = p
    A = torch.tanh((X @ W1 if rows else W1 @ X) + b1)
    return (A @ W2 if rows else W2 @ A) + b2


def forward(rows):
    def make(m, threads):
        torch.set_num_threads(threads)
        X = torch.from_numpy(data.samples(m, rows)[0])
        return evaluation(lambda p, X: torch.sigmoid(network(p, X, rows)), tensors(data.dense(rows)), X)

    return make


def training(rows):
    def make(m, threads):
        torch.set_num_threads(threads)
        p = [a.requires_grad_() for a in tensors(data.dense(rows))]
        X, Y = tensors(data.samples(m, rows))
        optimiser = torch.optim.SGD(p, lr=0.5)

        @torch.compile
        def cost():
            return torch.nn.functional.binary_cross_entropy_with_logits(network(p, X, rows), Y)

        def run():
            optimiser.zero_grad()
            J = cost()
            J.backward()
            optimiser.step()
            return J

        return run, lambda J: J.item()

    return make


def elementwise(function):
    def make(m, threads):
        torch.set_num_threads(threads)
        x = torch.from_numpy(data.uniform(data.INPUTS, (m,)))
        out = torch.empty_like(x)
        return lambda: function(x, out=out), data.mean_magnitude

    return make


WORKLOADS = {
    "forward_rows": forward(rows=True),
    "forward_columns": forward(rows=False),
    "training_rows": training(rows=True),
    "training_columns": training(rows=False),
    "tanh": elementwise(torch.tanh),
    "exp": elementwise(torch.exp),
}
