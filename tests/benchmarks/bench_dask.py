"""DaskExecutor with 1,000 no-op mapped children, beside a bare client.map and gather of the same."""

import statistics
import time
from collections.abc import Callable

from distributed import Client, LocalCluster

from nemflow import Flow, task
from nemflow.flows.executors.dask import DaskExecutor

CHILDREN, TURNS = 1000, 5


def pass_on(value: int) -> int:
    """Do nothing."""
    return value


def main() -> None:
    """Measure both on one cluster of two workers, in turns; the first turn is thrown away."""
    with Flow("children") as flow:
        mapped = task(pass_on).map(list(range(CHILDREN)))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):

        def bare() -> list[int]:
            return list(client.gather(client.map(pass_on, range(CHILDREN), pure=False)))

        def ours() -> list[int]:
            executor = DaskExecutor(cluster.scheduler_address)
            return list(flow.run(executor=executor).result[mapped].result)

        assert bare() == ours() == list(range(CHILDREN))
        pairs = [(_time(bare), _time(ours)) for _ in range(TURNS)]
    _print([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _time(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _print(bare: list[float], ours: list[float]) -> None:
    print(f"\n{CHILDREN} no-op mapped children on two Dask workers, median of {TURNS}\n")
    print(f"| {'':28} | {'wall ms':>8} | {'us a child':>10} |")
    print(f"|{'-' * 30}|{'-' * 9}:|{'-' * 11}:|")
    for name, times in (("client.map and gather", bare), ("nemflow, connecting included", ours)):
        middle = statistics.median(times)
        print(f"| {name:28} | {middle * 1e3:8.0f} | {middle / CHILDREN * 1e6:10.0f} |")
    ratio = statistics.median(ours) / statistics.median(bare)
    print(f"| {'ratio':28} | {ratio:8.2f} | {'':10} |")
    print("\nBars: ratio at most 1.5")


if __name__ == "__main__":
    main()
