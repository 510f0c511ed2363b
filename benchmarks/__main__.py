"""Runs the benchmarks one after the other: `python -m benchmarks`, or `make bench`."""

from benchmarks import ingestion, projector, recorder


def main() -> None:
    for benchmark in (recorder, projector, ingestion):
        print(f"\n== {benchmark.__name__}: {(benchmark.__doc__ or '').splitlines()[0]}")
        benchmark.main()


if __name__ == "__main__":
    main()
