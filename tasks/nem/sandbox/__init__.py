"""A synthetic market and a loopback NEMweb that serves it."""

from nemflow.tasks.nem.sandbox.faults import Fault, FaultKind
from nemflow.tasks.nem.sandbox.revisions import Revision
from nemflow.tasks.nem.sandbox.server import SandboxServer, serve_forever

__all__ = ["Fault", "FaultKind", "Revision", "SandboxServer", "serve_forever"]
