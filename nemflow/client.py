"""``prefect.client``: secrets; there is no server and so no Client."""

from typing import Any, NoReturn

from nemflow.errors import DefinitionError
from nemflow.tasks.secret import Secret as SecretTask


class Secret:
    """A secret by name, for code that is no task; found where the task ``nemflow.Secret`` finds it.

    >>> import nemflow
    >>> with nemflow.context(secrets={"TOKEN": "hush"}):
    ...     Secret("TOKEN").get()
    'hush'
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def get(self) -> Any:
        """Return the secret.

        Raises:
            ValueError: it is nowhere to be found.
        """
        return SecretTask(self.name).run()

    def exists(self) -> bool:
        """Tell whether the secret is to be found."""
        try:
            self.get()
        except ValueError:
            return False
        return True


def Client(*_: object, **__: object) -> NoReturn:  # noqa: N802  # Prefect's name, which was a class
    """Refuse.

    Raises:
        DefinitionError: always.
    """
    raise DefinitionError(
        "nemflow has no server to be a client of: run a flow with flow.run(), or with "
        "`nemflow run file.py:flow`"
    )


__all__ = ["Client", "Secret"]
