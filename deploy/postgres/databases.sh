#!/bin/sh
# Runs once, when the data volume is empty: one user for each owner, so that Temporal cannot read
# our recipients and we cannot write its histories.
set -eu

psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
  --set temporal_password="$TEMPORAL_DB_PASSWORD" \
  --set frontfoot_password="$FRONTFOOT_DB_PASSWORD" <<'SQL'
CREATE USER temporal PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE USER frontfoot PASSWORD :'frontfoot_password';
CREATE DATABASE frontfoot OWNER frontfoot;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, frontfoot FROM PUBLIC;
SQL
