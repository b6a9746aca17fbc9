"""The workloads in NumPy, written to be fast: float32, every large result in a buffer made before."""

import numpy as np

import data

RATE = np.float32(0.5)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(rows):
    def make(m, _):
        W1, b1, W2, b2 = data.dense(rows)
        X, _ = data.samples(m, rows)
        A = np.empty((m, 64) if rows else (64, m), np.float32)

        def run():
            np.matmul(*((X, W1) if rows else (W1, X)), out=A)
            np.add(A, b1, out=A)
            np.tanh(A, out=A)
            return sigmoid((A @ W2 if rows else W2 @ A) + b2)

        return run, data.mean_magnitude

    return make


def cost(z, Y):
    return np.mean(np.maximum(z, 0) - Y * z + np.log1p(np.exp(-np.abs(z))), dtype=np.float64)


def training(rows):
    def make(m, _):
        parameters = W1, b1, W2, b2 = data.dense(rows)
        X, Y = data.samples(m, rows)
        A = np.empty((m, 64) if rows else (64, m), np.float32)
        dZ1 = np.empty_like(A)
        ones = np.ones((1, m) if rows else (m, 1), np.float32)  # a sum by BLAS is the fastest

        def sum_of(d):
            return (ones @ d if rows else d @ ones).reshape(b1.shape)

        def run():
            np.matmul(*((X, W1) if rows else (W1, X)), out=A)
            np.add(A, b1, out=A)
            np.tanh(A, out=A)
            z = (A @ W2 if rows else W2 @ A) + b2
            J = cost(z, Y)
            dz = (sigmoid(z) - Y) / np.float32(m)
            dW2 = A.T @ dz if rows else dz @ A.T
            np.multiply(*((dz, W2.T) if rows else (W2.T, dz)), out=dZ1)
            np.multiply(A, A, out=A)
            np.subtract(1, A, out=A)
            np.multiply(dZ1, A, out=dZ1)
            dW1 = X.T @ dZ1 if rows else dZ1 @ X.T
            for p, g in zip(parameters, (dW1, sum_of(dZ1), dW2, dz.sum().reshape(b2.shape))):
                p -= RATE * g
            return J

        return run, float

    return make


def elementwise(function):
    def make(m, _):
        x = data.uniform(data.INPUTS, (m,))
        out = np.empty_like(x)
        return lambda: function(x, out=out), data.mean_magnitude

    return make


def standardised(rows):
    def make(m, _):
        axis = 0 if rows else 1
        X = data.uniform(data.INPUTS, (m, 50) if rows else (50, m))
        out = np.empty_like(X)

        def run():
            # Over rows NumPy adds one after the other: float32 would lose three digits.
            mean, deviation = (f(axis, np.float64, keepdims=True) for f in (X.mean, X.std))
            np.subtract(X, mean.astype(np.float32), out=out)
            return np.divide(out, deviation.astype(np.float32), out=out)

        return run, data.mean_magnitude

    return make


def nearest(queries):
    def make(m, _):
        X, Q = data.uniform(data.INPUTS, (m, 128)), data.uniform(data.MORE, (queries, 128))
        length = lambda rows: np.sqrt(np.einsum("ij,ij->i", rows, rows))

        def run():
            cosines = Q @ X.T / length(X) / length(Q)[:, None]
            return np.partition(cosines, m - 10, 1)[:, -10:]

        return run, data.mean_magnitude

    return make


def product(n, _):
    a, b = data.uniform(data.INPUTS, (n, n)), data.uniform(data.MORE, (n, n))
    out = np.empty_like(a)
    return lambda: np.matmul(a, b, out=out), data.mean_magnitude


WORKLOADS = {
    "forward_rows": forward(rows=True),
    "forward_columns": forward(rows=False),
    "training_rows": training(rows=True),
    "training_columns": training(rows=False),
    "tanh": elementwise(np.tanh),
    "exp": elementwise(np.exp),
    "standardised_rows": standardised(rows=True),
    "standardised_columns": standardised(rows=False),
    "nearest_1": nearest(1),
    "nearest_16": nearest(16),
    "nearest_256": nearest(256),
    "product": product,
}
