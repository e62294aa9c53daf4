"""Every error that nemflow raises on purpose, in one tree.

::

    NemflowError
    ├── DefinitionError (ValueError)    a task or flow is put together wrongly
    ├── ParameterError (ValueError)     a flow run or question was given a wrong, unknown or missing one
    ├── ResultError                     a value could not be kept or read back
    │   ├── LocationError (ValueError)  a template has an unknown key, or a path leaves its root
    │   ├── UnreadableTarget            what lies at a target cannot be read back
    │   └── TargetHeld                  another run is making the target
    ├── HistoryError                    the record of past runs cannot be used
    ├── SettingsError (ValueError)      an option, environment variable or settings file is wrong
    └── MarketError                     the market's data could not be had, or cannot be trusted
        ├── NotThere                    the source answered: no such file (404), or not published
        ├── DownloadError               a transfer failed, was refused, or was not what it said
        ├── RangeNotSupported           the server sends whole files only
        ├── BrokenFile                  a published file is not whole or not what its name says
        ├── IncompleteDay               a day has holes, unknown regions or wrong stamps
        └── MissingDays                 days that were asked for are not in the data directory

And one warning, MissingDaysWarning: some of the days that were asked for are not there.
A message is one sentence a user can act on: what is wrong, with which file or option, what to do.
This module imports nothing, so that every layer may use it.
"""


def one_line(text: str) -> str:
    """Put a message on one line."""
    return " ".join(text.split())


def sentence_of(error: BaseException) -> str:
    """Return what went wrong as one sentence: an error's own words where they say enough."""
    if isinstance(error, NemflowError) and str(error):
        return one_line(str(error))
    if isinstance(error, OSError) and error.filename and error.strerror:
        return one_line(f"{error.filename}: {error.strerror}")
    return one_line(repr(error))


class NemflowError(Exception):
    """The base of every error that nemflow raises on purpose."""


class DefinitionError(NemflowError, ValueError):
    """A task or flow is put together wrongly."""


class ParameterError(NemflowError, ValueError):
    """A flow run, or a question, was given a wrong, unknown or missing parameter."""


class ResultError(NemflowError):
    """A value could not be kept or read back."""


class LocationError(ResultError, ValueError):
    """A location template has an unknown key, or a path leaves its root."""


class UnreadableTarget(ResultError):
    """What lies at a target cannot be read back."""


class TargetHeld(ResultError):
    """Another run is making the target, and this one was told not to wait for it."""


class HistoryError(NemflowError):
    """The record of past runs cannot be used."""


class SettingsError(NemflowError, ValueError):
    """An option, environment variable or settings file is wrong."""


class MarketError(NemflowError):
    """The market's data could not be had, or cannot be trusted."""


class NotThere(MarketError):
    """The source answered that it has no such file: 404, or not in its listing."""


class DownloadError(MarketError):
    """A transfer failed, was refused, or was not what it said it was."""


class RangeNotSupported(MarketError):
    """The server sends whole files only."""


class BrokenFile(MarketError):
    """A published file is not whole, or not what its name says."""


class IncompleteDay(MarketError):
    """A day has holes, unknown regions or wrong stamps."""


class MissingDays(MarketError):
    """Days that were asked for are not in the data directory."""


class MissingDaysWarning(UserWarning):
    """Some of the days that were asked for are not in the data directory: the answer has holes."""
