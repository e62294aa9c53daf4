"""``prefect.tasks.secrets``."""  # noqa: A005  # Prefect's name; the bare one is the standard library's

from nemflow.tasks.secret import EnvVarSecret, Secret, SecretBase

PrefectSecret = Secret

__all__ = ["EnvVarSecret", "PrefectSecret", "SecretBase"]
