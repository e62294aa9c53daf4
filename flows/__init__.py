"""Graphs of tasks and how they run."""
