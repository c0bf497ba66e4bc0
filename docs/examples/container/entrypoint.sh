#!/bin/sh
# Waits for a licence, then becomes the software. Exits with the agent's code where there is none: the container is then
# restarted by its orchestrator, and waits again.
set -e
countersign-agent check --wait "${LICENCE_WAIT:-5m}" >&2
exec "$@"
