#!/usr/bin/env bash
# Does what the README tells a newcomer to do, word by word: start, the tour, verify, down. In a house of its own beside any that runs.
# Runs what the tests were built with, unless GT_CONFIGURATION says otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

GT_HOME=$(mktemp -d)
export GT_HOME GT_CONFIGURATION=${GT_CONFIGURATION:-Debug}
unset GT_POSTGRES GT_RABBITMQ
trap './gt reset >/dev/null 2>&1 || true; rm -rf "$GT_HOME"' EXIT

./gt up | tee "$GT_HOME/up.txt"
tour=$GT_HOME/tour.sh
# The blocks of the chapter, in order, as one script.
awk '/^## / { in_tour = ($0 == "## A tour") } in_tour && /^```$/ { in_block = 0 } in_block { print } in_tour && /^```sh$/ { in_block = 1 }' README.md > "$tour"
[[ -s $tour ]] || { echo "the README has no tour"; exit 1; }
echo "-- the tour"
bash -euo pipefail "$tour" | tee "$GT_HOME/tour.txt"

# What the README promises, as far as a script can see it.
expect() { grep -qF -- "$1" "$GT_HOME/${2:-tour}.txt" || { echo "${2:-tour} did not show: $1"; exit 1; }; }
expect "900101 Alderbrook Primary School"
expect "No pupil with this UPN or id is known here yet"
grep -A5 '"percentagePoints": {' "$GT_HOME/tour.txt" | grep -qE '"point": -?[0-9]' || { echo "the gap had no number"; exit 1; }
[[ $(grep -c '"RECORDING_EFFECT_NEW"' "$GT_HOME/tour.txt") == 2 ]] || { echo "the repeated POST was not answered like the first"; exit 1; }
expect "IMPACT_VERDICT_CANNOT_ATTRIBUTE"
expect "CATEGORY_"
expect '"schoolName":"Alderbrook Primary School","category":'
[[ $(tail -1 "$GT_HOME/tour.txt") == 404 ]] || { echo "another school's pupils were not hidden from a head"; exit 1; }

# What the demo trust promises besides: a shortfall of visits, and actions that are overdue.
expect "short: " up
url=$(sed -n 's|^ *REST *\(.*\)/v1$|\1|p' "$GT_HOME/up.txt")
lead=$(./gt token data-lead)
overdue=0
for urn in $(seq 900101 900110); do
  overdue=$((overdue + $(curl -sS -H "Authorization: Bearer $lead" "$url/v1/schools/$urn/threads" | jq '[.threads[]?.actions[] | select(.overdue)] | length')))
done
((overdue > 0)) || { echo "no action of the demo trust is overdue"; exit 1; }

echo "-- verify"
./gt verify
for service in gateway tracking; do
  [[ -n $(./gt logs "$service") ]] || { echo "./gt logs $service said nothing"; exit 1; }
done
# As to a house elsewhere, in the names that tokens bear.
for sender in trust-it data-lead deputy-ceo; do
  echo "$sender $(./gt token "$sender")"
done >"$GT_HOME/tokens"
./gt seed --gateway "$url" --token-file "$GT_HOME/tokens" | tee "$GT_HOME/seed.txt"
expect "0 threads opened" seed
echo "-- verify after a second seed"
./gt verify

echo "-- verify where a status was lost on the way"
deeds=$GT_HOME/deeds.json
psql=$(compgen -G '/usr/lib/postgresql/*/bin/psql' | tail -1 || command -v psql)
PGPASSWORD=$(jq -r '(.secrets // .Secrets).postgres' "$deeds") "$psql" -q -h 127.0.0.1 -p "$(jq -r '(.ports // .Ports).postgres' "$deeds")" -U postgres -d reporting \
  -c 'delete from pupil_status where ctid = (select min(ctid) from pupil_status)'
if ./gt verify --timeout 2; then
  echo "verify did not see the difference"
  exit 1
fi

echo "-- down and reset leave nothing"
ids=$(./gt status | sed -n 's/.* pid \([0-9]*\) .*/\1/p')
(($(wc -w <<<"$ids") >= 7)) || { echo "./gt status did not name the processes: $ids"; exit 1; }
./gt down
for id in $ids; do
  if [[ -e /proc/$id ]] && ! grep -q '^State:.*zombie' "/proc/$id/status"; then
    echo "./gt down left $id: $(tr '\0' ' ' <"/proc/$id/cmdline")"
    exit 1
  fi
done
./gt reset
[[ ! -e $GT_HOME ]] || { echo "./gt reset left $GT_HOME"; exit 1; }
