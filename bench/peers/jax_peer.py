"""The workloads in JAX, each compiled whole by jit."""

import jax
import jax.numpy as jnp

import data


def evaluation(f, *arguments):
    compiled = jax.jit(f)
    arguments = jax.device_put(arguments)
    return lambda: compiled(*arguments).block_until_ready(), data.mean_magnitude


def descent(cost, parameters, X, Y):
    """Full-batch epochs."""

    def epoch(p, X, Y):
        J, grads = jax.value_and_grad(cost)(p, X, Y)
        return J, [a - 0.5 * g for a, g in zip(p, grads)]

    return loop(epoch, parameters, X, Y)


def loop(program, parameters, X, Y):
    """Runs that go on from each other's parameters, which are donated."""
    compiled = jax.jit(program, donate_argnums=0)
    state, X, Y = jax.device_put((parameters, X, Y))

    def run():
        nonlocal state
        J, state = compiled(state, X, Y)
        jax.block_until_ready(state)
        return J

    return run, float


def network(p, X, rows):
    W1, b1, W2, b2 = p
    A = jnp.tanh((X @ W1 if rows else W1 @ X) + b1)
    return (A @ W2 if rows else W2 @ A) + b2


def forward(rows):
    def make(m, _):
        X, _ = data.samples(m, rows)
        return evaluation(lambda p, X: jax.nn.sigmoid(network(p, X, rows)), data.dense(rows), X)

    return make


def training(rows):
    def cost(p, X, Y):
        z = network(p, X, rows)
        return jnp.mean(jnp.maximum(z, 0) - Y * z + jnp.log1p(jnp.exp(-jnp.abs(z))))

    return lambda m, _: descent(cost, data.dense(rows), *data.samples(m, rows))


def textbook_cost(p, X, Y):
    W1, b1, W2, b2 = p
    A = jax.nn.sigmoid(W2 @ jnp.tanh(W1 @ X + b1) + b2)
    return -jnp.mean(Y * jnp.log(A) + (1 - Y) * jnp.log(1 - A))


def textbook(dtype):
    """100 epochs as one loop of the compiled program; the cost of each is stored."""

    def epochs(p, X, Y):
        def epoch(i, at):
            p, costs = at
            J, grads = jax.value_and_grad(textbook_cost)(p, X, Y)
            return [a - 0.5 * g for a, g in zip(p, grads)], costs.at[i].set(J)

        p, costs = jax.lax.fori_loop(0, 100, epoch, (p, jnp.zeros(100, dtype)))
        return costs[-1], p

    def make(m, _):
        jax.config.update("jax_enable_x64", dtype == "float64")
        parameters, X, Y = data.textbook(m)
        return loop(epochs, [a.astype(dtype) for a in parameters], X.astype(dtype), Y.astype(dtype))

    return make


def normalise(Z, gain, shift):
    return (Z - Z.mean(1, keepdims=True)) / jnp.sqrt(Z.var(1, keepdims=True) + 1e-5) * gain + shift


def gelu(Z):
    return jax.nn.gelu(Z, approximate=False)


def untuned_cost(p, X, Y):
    A1 = gelu(normalise(X @ p[0] + p[1], p[2], p[3]))
    A2 = gelu(normalise(A1 @ p[4] + p[5], p[6], p[7]))
    P = jax.nn.softmax(A2 @ p[8] + p[9])
    penalty = jnp.square(A1).mean(1) + jnp.abs(A2).mean(1)
    return jnp.mean(-(Y * jnp.log(P)).sum(1) + 0.01 * penalty)


def elementwise(function):
    return lambda m, _: evaluation(function, data.uniform(data.INPUTS, (m,)))


def standardised(rows):
    axis = 0 if rows else 1

    def f(X):
        return (X - X.mean(axis, keepdims=True)) / X.std(axis, keepdims=True)

    return lambda m, _: evaluation(f, data.uniform(data.INPUTS, (m, 50) if rows else (50, m)))


def nearest(queries):
    def f(X, Q):
        length = lambda rows: jnp.sqrt(jnp.square(rows).sum(1))
        return jax.lax.top_k(Q @ X.T / length(X) / length(Q)[:, None], 10)[0]

    return lambda m, _: evaluation(f, data.uniform(data.INPUTS, (m, 128)), data.uniform(data.MORE, (queries, 128)))


def product(n, _):
    return evaluation(jnp.matmul, data.uniform(data.INPUTS, (n, n)), data.uniform(data.MORE, (n, n)))


WORKLOADS = {
    "forward_rows": forward(rows=True),
    "forward_columns": forward(rows=False),
    "training_rows": training(rows=True),
    "training_columns": training(rows=False),
    "untuned": lambda m, _: descent(untuned_cost, *data.untuned(m)),
    "textbook": textbook("float32"),
    "textbook_float64": textbook("float64"),
    "tanh": elementwise(jnp.tanh),
    "exp": elementwise(jnp.exp),
    "standardised_rows": standardised(rows=True),
    "standardised_columns": standardised(rows=False),
    "nearest_1": nearest(1),
    "nearest_16": nearest(16),
    "nearest_256": nearest(256),
    "product": product,
}
