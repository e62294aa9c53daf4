"""The exit codes of the command line."""

DONE = 0
"""Done, already there, or only not published yet."""

FAILED = 1
"""Work failed."""

WRONG_USE = 2
"""The command line, the environment or the settings file is wrong."""

WORK_FOUND = 3
"""A command with ``--check`` found something to do."""

HELD = 4
"""Another run holds what was to be made, and ``--no-wait`` was given."""

INTERRUPTED = 130
"""Ctrl-C."""

TERMINATED = 143
"""SIGTERM."""
