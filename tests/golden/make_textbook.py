"""Writes textbook.json: the textbook's network in NumPy, every epoch's cost.

2 inputs, 10 tanh units, 1 sigmoid unit; samples as columns; float64; 100 epochs
of plain gradient descent on all samples. Run: python tests/golden/make_textbook.py
"""
import json
import pathlib

import numpy as np

EPOCHS, RATE, CLIP = 100, 1.0, 1e-8

np.random.seed(42)
X = np.random.randn(2, 5000)
Y = (X[:1] ** 2 + X[1:] ** 2 < 1.5).astype(np.float64)
W1 = np.random.randn(10, 2) * 0.01
W2 = np.random.randn(1, 10) * 0.01
b1, b2 = np.zeros((10, 1)), np.zeros((1, 1))
m = X.shape[1]

costs = []
for _ in range(EPOCHS):
    A1 = np.tanh(W1 @ X + b1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    A = np.clip(A2, CLIP, 1 - CLIP)
    costs.append(float(-np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))))
    dZ2 = (A2 - Y) / m
    dZ1 = (W2.T @ dZ2) * (1 - A1 ** 2)
    W2, b2 = W2 - RATE * dZ2 @ A1.T, b2 - RATE * dZ2.sum(axis=1, keepdims=True)
    W1, b1 = W1 - RATE * dZ1 @ X.T, b1 - RATE * dZ1.sum(axis=1, keepdims=True)

golden = {"epochs": EPOCHS, "learning_rate": RATE, "costs": costs,
          "W1": W1.ravel().tolist(), "b1": b1.ravel().tolist(),
          "W2": W2.ravel().tolist(), "b2": b2.ravel().tolist()}
path = pathlib.Path(__file__).with_name("textbook.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
