"""The command line: one file a verb; parse, build a config, call the workflow, print the record."""

import sys


def main() -> None:
    """Run the command line; the exit code says how it went (0 done, 1 failed, 2 wrong words)."""
    from latentscape.cli.app import run

    sys.exit(run(sys.argv[1:]))
