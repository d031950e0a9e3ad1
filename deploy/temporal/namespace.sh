#!/bin/sh
# Registers the namespace, once. The server accepts connections some seconds before it can do this,
# so it is asked again until a deadline.
set -eu

tries=60
until temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" \
    --retention "$TEMPORAL_RETENTION" --description "Frontfoot" >/dev/null 2>&1; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "The namespace $TEMPORAL_NAMESPACE could not be made at $TEMPORAL_ADDRESS. Last answer:" >&2
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" \
      --retention "$TEMPORAL_RETENTION"
    exit 1
  fi
  sleep 2
done
echo "Namespace $TEMPORAL_NAMESPACE is there."
