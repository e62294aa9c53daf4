"""Worker resources of Dask that a task asks for by its tags: ``dask-resource:GPU=1``."""

from collections.abc import Iterable

import distributed

from nemflow.flows.executors.base import CallLost

TAG = "dask-resource:"

Resources = tuple[tuple[str, float], ...]


def read_resources(tags: Iterable[str]) -> Resources:
    """Return the resources that tags ask for, by name.

    Raises:
        CallLost: a tag cannot be read.
    """
    found = {}
    for tag in tags:
        if tag.startswith(TAG):
            key, _, amount = tag.removeprefix(TAG).partition("=")
            try:
                found[key] = float(amount)
            except ValueError:
                raise CallLost(f"the tag {tag!r} is not of the form {TAG}KEY=NUMBER") from None
    return tuple(sorted(found.items()))


def check_offered(client: distributed.Client, resources: Resources) -> None:
    """Refuse what would wait for ever: Dask waits for resources that no worker has.

    Raises:
        CallLost: there are workers, and none of them offers all that is needed.
    """
    if not resources:
        return
    offers = [worker["resources"] for worker in client.scheduler_info()["workers"].values()]
    if not offers or any(_suffices(offer, resources) for offer in offers):
        return
    wanted = ",".join(f"{key}={amount:g}" for key, amount in resources)
    raise CallLost(
        f"no worker of the Dask cluster offers {wanted}: start one with "
        f"`dask worker --resources {wanted}`, or change the task's tags"
    )


def _suffices(offer: dict[str, float], resources: Resources) -> bool:
    return all(offer.get(key, 0) >= amount for key, amount in resources)
