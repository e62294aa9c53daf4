"""History: what ran, kept in one SQLite file, with a log file for each run beside it.

It is advice, not truth: what was made lies on the disk and says so itself. Without its history a
command does the same work, and a history that cannot be written is a warning.

``schema.py`` has the tables, ``writer.py`` the reporter that fills them, ``run_logs.py`` the logs,
``lost.py`` finds runs whose process has died, ``reading.py`` answers questions.
"""
