"""Runs the benchmarks: `python -m benchmarks` the quick ones, `python -m benchmarks NAME` one.

The quick ones, one after the other, are what `make bench` runs. A name is that of a module here,
or the last word of one: `python -m benchmarks world` is `benchmarks.likelihood_world`.
"""

import pkgutil
import sys
from importlib import import_module

import benchmarks

QUICK = ("recorder", "projector", "ingestion")


def main() -> None:
    named = [argument for argument in sys.argv[1:2] if not argument.startswith("-")]
    if named:
        del sys.argv[1]
    for name in [_module(named[0])] if named else QUICK:
        benchmark = import_module(f"benchmarks.{name}")
        print(f"\n== {benchmark.__name__}: {(benchmark.__doc__ or '').splitlines()[0]}", flush=True)
        benchmark.main()


def _module(name: str) -> str:
    modules = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    for module in modules:
        if module == name or module.rpartition("_")[2] == name:
            return module
    sys.exit(f"There is no benchmark {name}: take one of {', '.join(sorted(modules))}.")


if __name__ == "__main__":
    main()
