"""The programs of the 2017 post, as they were printed but for their import lines.

`EXPECTED` says what each prints: numbers, or a shape. Programs of one group run one after the other in one namespace.
"""

from __future__ import annotations

from typing import Any

import numpy as np

IMPORTS = "import weft.tf as tf\ntfe = tf.contrib.eager\n"

MATMUL = """
tfe.enable_eager_execution()

x = [[2.]]
m = tf.matmul(x, x)
print(m)
"""

COLLATZ = """
a = tf.constant(12)
counter = 0
while not tf.equal(a, 1):
  if tf.equal(a % 2, 0):
    a = a / 2
  else:
    a = 3 * a + 1
  print(a)
"""

SQUARE = """
def square(x):
  return tf.multiply(x, x)
grad = tfe.gradients_function(square)
print(square(3.))
print(grad(3.))
gradgrad = tfe.gradients_function(lambda x: grad(x)[0])
print(gradgrad(3.))
"""

ABS = """
def abs(x):
  return x if x > 0. else -x
grad = tfe.gradients_function(abs)
print(grad(2.0))
print(grad(-2.0))
"""

LOG1PEXP = """
def log1pexp(x):
  return tf.log(1 + tf.exp(x))
grad_log1pexp = tfe.gradients_function(log1pexp)
print(grad_log1pexp(0.))
print(grad_log1pexp(100.))
"""

CUSTOM = """
@tfe.custom_gradient
def log1pexp(x):
  e = tf.exp(x)
  def grad(dy):
    return dy * (1 - 1 / (1 + e))
  return tf.log(1 + e), grad
grad_log1pexp = tfe.gradients_function(log1pexp)
print(grad_log1pexp(0.))
print(grad_log1pexp(100.))
"""

MODEL = '''
class MNISTModel(tfe.Network):
  def __init__(self):
    super(MNISTModel, self).__init__()
    self.layer1 = self.track_layer(tf.layers.Dense(units=10))
    self.layer2 = self.track_layer(tf.layers.Dense(units=10))
  def call(self, input):
    """Actually runs the model."""
    result = self.layer1(input)
    result = self.layer2(result)
    return result

model = MNISTModel()
batch = tf.zeros([1, 1, 784])
print(batch.shape)
result = model(batch)
print(result)
'''

TRAINING = """
def loss_function(model, x, y):
  y_ = model(x)
  return tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=y_)

optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.001)
for (x, y) in tfe.Iterator(dataset):
  grads = tfe.implicit_gradients(loss_function)(model, x, y)
  optimizer.apply_gradients(grads)
"""

DEVICE = """
with tf.device("/gpu:0"):
  for (x, y) in tfe.Iterator(dataset):
    optimizer.minimize(lambda: loss_function(model, x, y))
"""

EXPECTED: dict[str, list[Any]] = {
    MATMUL: [[[4.0]]],
    COLLATZ: [6.0, 3.0, 10.0, 5.0, 16.0, 8.0, 4.0, 2.0, 1.0],
    SQUARE: [9.0, [6.0], [2.0]],
    ABS: [[1.0], [-1.0]],
    LOG1PEXP: [[0.5], [float("nan")]],
    CUSTOM: [[0.5], [1.0]],
    MODEL: [(1, 1, 784), np.zeros((1, 1, 10))],
    TRAINING: [],
    DEVICE: [],
}
