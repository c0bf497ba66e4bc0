"""Level 1: asks the agent's files whether this software may run.

    python3 read_state.py [FOLDER]

Exits with 0 while it may; otherwise with 1 and the reason on standard error. Needs Python 3.8 or newer.
"""

import json
import os
import sys
from datetime import datetime, timedelta, timezone

RUN_FOLDER = "/run/countersign"
MAY_RUN = ("licensed", "grace")
MAX_STATE = 64
MAX_STATUS = 65_536
# The agent checks earlier than it says in nextCheckAt, never half an hour later.
PATIENCE = timedelta(minutes=30)


class NotLicensed(Exception):
    """This software may not run; the text says why."""


def read_state(folder=RUN_FOLDER):
    """Returns the state, licensed or grace. Raises NotLicensed."""
    state = read_text(folder, "state", MAX_STATE).strip()
    if state not in MAY_RUN:  # also words that a later agent may have
        raise NotLicensed(f"the state is {ascii(state)}")
    if next_check(folder) + PATIENCE < datetime.now(timezone.utc):
        raise NotLicensed("no agent runs: its next check is more than 30 minutes overdue")
    return state


def next_check(folder):
    try:
        text = json.loads(read_text(folder, "status.json", MAX_STATUS))["nextCheckAt"]
        return datetime.strptime(text[:19] + "Z", "%Y-%m-%dT%H:%M:%S%z")
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotLicensed("status.json has no nextCheckAt") from None


def read_text(folder, name, longest):
    """Reads a file of at most so many octets."""
    try:
        with open(os.path.join(folder, name), "rb") as file:
            octets = file.read(longest + 1)
    except OSError as error:
        raise NotLicensed(f"{name} cannot be read ({error.strerror})") from None
    if len(octets) > longest:
        raise NotLicensed(f"{name} is too long")
    return octets.decode("utf-8", "replace")


def main(check):
    if len(sys.argv) > 2:
        print(f"usage: {sys.argv[0]} [FOLDER]", file=sys.stderr)
        return 2
    try:
        print(check(*sys.argv[1:]))
        return 0
    except NotLicensed as error:
        print(f"Not licensed: {error}.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(read_state))
