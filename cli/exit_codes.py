"""The exit codes of the command line."""

DONE = 0
"""Done, already there, or only not published yet."""

FAILED = 1
"""Work failed."""

WRONG_USE = 2
"""The command line, the environment or the settings file is wrong."""

INTERRUPTED = 130
"""Ctrl-C."""

TERMINATED = 143
"""SIGTERM."""
