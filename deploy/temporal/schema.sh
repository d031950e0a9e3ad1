#!/bin/sh
# Brings both Temporal databases to the schema of the server's version. Safe to repeat: a database
# that is already there is left as it is, and an upgrade needs exactly this before the new server.
set -eu

for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%%:*}
  folder=/etc/temporal/schema/postgresql/v12/${pair##*:}/versioned
  echo "Schema of $database ..."
  temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" --port 5432 \
    --user "$POSTGRES_USER" --db "$database" setup-schema --version 0.0
  temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" --port 5432 \
    --user "$POSTGRES_USER" --db "$database" update-schema --schema-dir "$folder"
done
