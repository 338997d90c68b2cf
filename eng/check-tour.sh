#!/usr/bin/env bash
# Does what the README tells a newcomer to do, word by word: start, the tour, verify, down. In a house of its own beside any that runs.
# Runs what the tests were built with, unless GT_CONFIGURATION says otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

GT_HOME=$(mktemp -d)
export GT_HOME GT_CONFIGURATION=${GT_CONFIGURATION:-Debug}
unset GT_POSTGRES GT_RABBITMQ
trap './gt reset >/dev/null 2>&1 || true; rm -rf "$GT_HOME"' EXIT

./gt up
tour=$GT_HOME/tour.sh
# The blocks of the chapter, in order, as one script.
awk '/^## / { in_tour = ($0 == "## A tour") } in_tour && /^```$/ { in_block = 0 } in_block { print } in_tour && /^```sh$/ { in_block = 1 }' README.md > "$tour"
[[ -s $tour ]] || { echo "the README has no tour"; exit 1; }
echo "-- the tour"
bash -euo pipefail "$tour" | tee "$GT_HOME/tour.txt"

# What the README promises, as far as a script can see it.
expect() { grep -qF -- "$1" "$GT_HOME/tour.txt" || { echo "the tour did not show: $1"; exit 1; }; }
expect "900101 Alderbrook Primary School"
expect "percentagePoints"
expect "IMPACT_VERDICT_CANNOT_ATTRIBUTE"
expect "CATEGORY_"
expect '"schoolName":"Alderbrook Primary School","category":'
[[ $(tail -1 "$GT_HOME/tour.txt") == 404 ]] || { echo "another school's pupils were not hidden from a head"; exit 1; }

echo "-- verify"
./gt verify
./gt down
