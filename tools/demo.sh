#!/usr/bin/env bash
# From a table to a served prediction, each command shown before it runs.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=build/demo
commands=()

show() {
  commands+=("$*")
  echo
  echo "\$ ./dev $*"
  ./dev "$@"
}

mkdir -p $folder
${PYTHON:-.venv/bin/python} tools/demo_data.py $folder

show run inspect $folder/train.csv
show run train --data $folder/train.csv --target diagnosis --model $folder/model.safetensors --test-fraction 0.2
show run inspect $folder/model.safetensors
show run predict --model $folder/model.safetensors --data $folder/test.csv --output $folder/predictions.csv
echo
echo "\$ head -n 4 $folder/predictions.csv"
head -n 4 $folder/predictions.csv

echo
echo "Rows that training never saw:"
show run evaluate --model $folder/model.safetensors --data $folder/test.csv

echo
echo "Repeat it yourself:"
printf '  ./dev %s\n' "${commands[@]}"
