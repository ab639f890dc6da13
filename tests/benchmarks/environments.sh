#!/usr/bin/env bash
# Makes the environments of the benchmarks: one with the libraries that go together, one with TensorFlow.
#
#     tests/benchmarks/environments.sh .benchmarks/environments
#     .benchmarks/environments/main/bin/python tests/benchmarks/cliffs.py
#     .benchmarks/environments/main/bin/python tests/benchmarks/compiled.py \
#         --tensorflow .benchmarks/environments/tensorflow/bin/python --write docs/benchmarks/cpu.md
#
# Weft itself is taken from the working tree; what it needs is installed. A library that is not to be had is left out.
# pip's own settings say where libraries come from; builds of torch for the CPU alone are much smaller.
set -euo pipefail

where=${1:?where the environments are to be}
python=${PYTHON:-python3}
needed=(numpy ml_dtypes gast astunparse safetensors)

"$python" -m venv "$where/main"
"$where/main/bin/pip" install -q "${needed[@]}" matplotlib
for library in torch jax numba onnx onnxruntime autograd; do
    "$where/main/bin/pip" install -q "$library" || echo "without $library" >&2
done

"$python" -m venv "$where/tensorflow"
"$where/tensorflow/bin/pip" install -q "${needed[@]}" tensorflow-cpu || echo "without tensorflow" >&2
