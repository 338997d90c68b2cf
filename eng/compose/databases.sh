#!/bin/sh
# One database, one owner and one application role per service. PostgreSQL's image runs it once, on an empty data folder.
set -eu
for service in assessment tracking reviews reporting; do
  upper=$(echo "$service" | tr '[:lower:]' '[:upper:]')
  psql --username postgres --set ON_ERROR_STOP=1 \
    --set db="$service" --set owner="${service}_owner" --set app="${service}_app" \
    --set owner_password="$(printenv "${upper}_DB_OWNER_PASSWORD")" \
    --set app_password="$(printenv "${upper}_DB_PASSWORD")" <<'SQL'
create role :"owner" login password :'owner_password';
create role :"app" login password :'app_password';
create database :"db" owner :"owner";
revoke all on database :"db" from public;
grant connect on database :"db" to :"app";
SQL
done
