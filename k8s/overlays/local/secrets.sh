#!/bin/sh
# Prints the Secrets of the local overlay, out of the .env that `./gt env` writes: k8s/overlays/local/secrets.sh | kubectl apply -f -
set -eu
. "${1:-$(dirname "$0")/../../../.env}"

services="assessment tracking reviews reporting"
capitals() { echo "$1" | tr '[:lower:]' '[:upper:]'; }
value() { eval "printf %s \"\${$1}\""; }

names="POSTGRES_PASSWORD RABBITMQ_PASSWORD PARTNER_DEMO_CLIENT_SECRET"
for service in $services; do
  upper=$(capitals "$service")
  names="$names ${upper}_DB_OWNER_PASSWORD ${upper}_DB_PASSWORD ${upper}_CLIENT_SECRET"
done
for name in $names; do
  eval ": \"\${$name:?is not in .env: run ./gt env first}\""
done

# A Secret's name, then its keys and values in turn.
secret() {
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: goldenthread-local}\nstringData:\n' "$1"
  shift
  printf '  %s: "%s"\n' "$@"
}

set --
for service in $services; do
  upper=$(capitals "$service")
  set -- "$@" "${upper}_DB_OWNER_PASSWORD" "$(value "${upper}_DB_OWNER_PASSWORD")" "${upper}_DB_PASSWORD" "$(value "${upper}_DB_PASSWORD")"
done
secret postgres POSTGRES_PASSWORD "$POSTGRES_PASSWORD" "$@"
secret rabbitmq Rabbit__User goldenthread Rabbit__Password "$RABBITMQ_PASSWORD"

set --
for service in $services; do
  upper=$(capitals "$service")
  database="Host=postgres;Database=$service"
  application="$database;Username=${service}_app;Password=$(value "${upper}_DB_PASSWORD")"
  owner="$database;Username=${service}_owner;Password=$(value "${upper}_DB_OWNER_PASSWORD")"
  client=$(value "${upper}_CLIENT_SECRET")
  secret "$service-database" Database__ConnectionString "$application"
  # The migration lets the application's role in, and so it is told who that is.
  secret "$service-database-owner" Database__OwnerConnectionString "$owner" Database__ConnectionString "$database;Username=${service}_app"
  secret "$service-client" Identity__Client__Secret "$client"
  set -- "$@" "Gateway__Issuer__Clients__svc-${service}__Secret" "$client"
done
secret gateway-clients Gateway__Issuer__Clients__partner-demo__Secret "$PARTNER_DEMO_CLIENT_SECRET" "$@"
