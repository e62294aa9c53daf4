"""What Prefect Core's server was told of a flow: where its code lies, and how its runs are started.

nemflow has no server. A flow keeps these records as they are, and nothing reads them: a flow that has
them runs as one that has none.
"""

from typing import Any


class Record:
    """Keeps the options it was made with, as attributes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.arguments = arguments
        self.__dict__.update(options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class RunConfig(Record):
    """How a run is started.

    Args:
        labels: which agents may take the run.
        options: as Prefect Core had them for the kind of run config.
    """

    def __init__(self, *, labels: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.labels = set(labels or ())


class UniversalRun(RunConfig):
    """A run that any agent can start."""


class LocalRun(RunConfig):
    """A run in a process of the agent's machine."""


class DockerRun(RunConfig):
    """A run in a container."""


class KubernetesRun(RunConfig):
    """A run as a Kubernetes job."""


class ECSRun(RunConfig):
    """A run as an ECS task."""


class VertexRun(RunConfig):
    """A run on Vertex AI."""


class Storage(Record):
    """Where a flow's code lies."""


class Local(Storage):
    """In a file."""


class Module(Storage):
    """In an installed module."""


class Docker(Storage):
    """In an image."""


class Git(Storage):
    """In a Git repository."""


class GitHub(Storage):
    """In a repository on GitHub."""


class GitLab(Storage):
    """In a repository on GitLab."""


class Bitbucket(Storage):
    """In a repository on Bitbucket."""


class CodeCommit(Storage):
    """In a repository on AWS CodeCommit."""


class S3(Storage):
    """In a bucket on S3."""


class GCS(Storage):
    """In a bucket on Google Cloud Storage."""


class Azure(Storage):
    """In a container on Azure."""


class Webhook(Storage):
    """Behind a URL."""
