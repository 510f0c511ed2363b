"""Runs the benchmarks: `python -m benchmarks` the suite, `python -m benchmarks NAME` one of them.

The suite is what `make bench` runs: one table, each figure beside an anchor of the same run. It is
written as JSON, Markdown and a chart to the folder of `--to`. A name is that of a module here, or
the last word of one: `python -m benchmarks world` is `benchmarks.likelihood_world`.
"""

import argparse
import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import benchmarks
from benchmarks import commands, feed, freshness, growth, ingestion, projector, recorder
from benchmarks.figures import Figure, show, write


def suite(options: argparse.Namespace) -> Iterator[Figure]:
    """Every figure, one benchmark after the other."""
    with recorder.server() as url:
        yield from recorder.figures(url, seconds=1.0, rounds=3)
    yield from commands.figures(seconds=2.0, rounds=3)
    yield from ingestion.figures(candidates=200, lines=5_000, requests=6)
    yield from projector.figures(candidates=300)
    yield from feed.figures(options.candidates, copies=20, rounds=3, http_seconds=30)
    yield from freshness.figures(candidates=2_000, seconds=30)
    yield from growth.figures(options.events, seconds=1.0)


def main() -> None:
    named = [argument for argument in sys.argv[1:2] if not argument.startswith("-")]
    if named:
        del sys.argv[1]
        benchmark = import_module(f"benchmarks.{_module(named[0])}")
        print(f"\n== {benchmark.__name__}: {(benchmark.__doc__ or '').splitlines()[0]}", flush=True)
        benchmark.main()
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=100_000, help="of the feed")
    parser.add_argument("--events", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--to", type=Path, default=Path("build/bench"), help="a folder")
    options = parser.parse_args()
    write(show(suite(options)), options.to)
    print(f"Written to {options.to}: bench.json, bench.md, bench.svg.")


def _module(name: str) -> str:
    modules = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    for module in modules:
        if module == name or module.rpartition("_")[2] == name:
            return module
    sys.exit(f"There is no benchmark {name}: take one of {', '.join(sorted(modules))}.")


if __name__ == "__main__":
    main()
