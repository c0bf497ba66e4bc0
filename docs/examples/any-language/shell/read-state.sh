#!/bin/sh
# Level 1: asks the agent's files whether this software may run.
#
#   sh read-state.sh [FOLDER]
#
# Exits with 0 while it may; otherwise with 1 and the reason on standard error. Needs the date of GNU or BusyBox.
set -u
LC_ALL=C
export LC_ALL

refuse() {
  echo "Not licensed: $1." >&2
  exit 1
}

folder=${1:-/run/countersign}

state=$(head -c 64 "$folder/state" 2>/dev/null) || refuse 'state cannot be read'
case $state in
  licensed | grace) ;;
  *[!A-Za-z_]* | '') refuse 'state has no word' ;;
  *) refuse "the state is $state" ;; # also words that a later agent may have
esac

status=$(head -c 65537 "$folder/status.json" 2>/dev/null) || refuse 'status.json cannot be read'
[ ${#status} -le 65536 ] || refuse 'status.json is too long'

# The first nextCheckAt is the agent's own: quotes inside of texts are escaped, and features come after it.
next=${status#*'"nextCheckAt":"'}
next=$(printf '%s' "${next%%[.Z]*}" | tr -d ':T-')
case $next in
  *[!0-9]* | '') refuse 'status.json has no nextCheckAt' ;;
esac
# Times as numbers, such as 20260901120000. The agent checks earlier than it says, never half an hour later.
limit=$(date -u -d "@$(($(date +%s) - 1800))" +%Y%m%d%H%M%S)
[ "$next" -ge "$limit" ] || refuse 'no agent runs: its next check is more than 30 minutes overdue'

echo "$state"
