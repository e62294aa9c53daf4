"""Secrets: values that a flow needs and that must not lie in results, logs or files.

A secret task is never persisted, and it is run again when a flow run is taken up later. The result
in its state holds the value in this process only: pickled, it holds the task, which is asked again.
"""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Self

from nemflow.errors import DefinitionError
from nemflow.results.secret import SecretResult
from nemflow.tasks.base import Task
from nemflow.tasks.context import context_value


class SecretBase(Task):
    """The base of tasks that give a secret.

    Raises:
        DefinitionError: a result, target or ``cache_for`` was given; a secret is kept nowhere.
    """

    def __init__(self, **options: Any) -> None:
        _refuse_places(options)
        options["checkpoint"] = False
        super().__init__(**options)
        self.result = SecretResult(self.run, self.name)

    def copy(self, **task_args: Any) -> Self:
        """Return a copy, as ``Task.copy``; its result asks the copy.

        Raises:
            DefinitionError: a result, target or ``cache_for`` was given.
        """
        _refuse_places(task_args)
        new = super().copy(**task_args)
        new.checkpoint = False
        new.result = SecretResult(new.run, new.name)
        return new


def _refuse_places(options: Mapping[str, Any]) -> None:
    for option in ("result", "target", "cache_for"):
        if options.get(option) is not None:
            raise DefinitionError(f"a secret is kept nowhere: it takes no {option}")


class Secret(SecretBase):
    """A secret by name, from ``context.secrets``, else from ``NEMFLOW_SECRET_<NAME>``.

    Text that is JSON is given as what it says: ``'{"user": "x"}'`` as a dictionary.
    """

    def __init__(self, name: str, **options: Any) -> None:
        if not name:
            raise DefinitionError("a secret needs a name")
        self.secret_name = name
        super().__init__(name=name, **options)

    def run(self) -> Any:
        """Return the secret.

        Raises:
            ValueError: it is nowhere to be found.
        """
        secrets: Mapping[str, Any] = context_value("secrets") or {}
        value = secrets.get(self.secret_name)
        if value is None:
            value = os.environ.get(f"NEMFLOW_SECRET_{self.secret_name.upper()}")
        if value is None:
            raise ValueError(
                f"there is no secret {self.secret_name!r}: set "
                f"NEMFLOW_SECRET_{self.secret_name.upper()} or context.secrets"
            )
        return _as_json(value)


class EnvVarSecret(SecretBase):
    """A secret from an environment variable.

    Args:
        name: the variable.
        cast: makes the value of the text; not asked where the variable is not set.
        raise_if_missing: fail where the variable is not set, instead of giving None.
        options: as for ``Task``.
    """

    def __init__(
        self,
        name: str,
        cast: Callable[[str], Any] | None = None,
        raise_if_missing: bool = False,
        **options: Any,
    ) -> None:
        if not name:
            raise DefinitionError("an EnvVarSecret needs the name of its variable")
        self.variable = name
        self.cast = cast
        self.raise_if_missing = raise_if_missing
        super().__init__(name=name, **options)

    def run(self) -> Any:
        """Return the secret, None where the variable is not set.

        Raises:
            ValueError: it is not set and was to be.
        """
        value = os.environ.get(self.variable)
        if value is None and self.raise_if_missing:
            raise ValueError(f"the environment variable {self.variable} is not set")
        return value if value is None or self.cast is None else self.cast(value)


def _as_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
