"""Run every target for its share of the time, each in a process of its own. Ends with 1 if one found anything."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

CORPUS: Final = Path("build") / "fuzz"
PACKAGES: Final = ["drivers", "firmware_host", "safety"]
TARGETS: Final = ("framing", "host", "board", "files")
"""As in ``tests.fuzz.targets``, which must not be imported before it is instrumented."""


def main() -> int:
    """Parse what is asked, and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--target", choices=sorted(TARGETS), help="this one alone, in this process")
    options = parser.parse_args()
    if options.target is not None:
        _fuzz(options.target, options.seconds)
    share_s = max(options.seconds // len(TARGETS), 1)
    failed = []
    for name in TARGETS:
        command = [sys.executable, "-m", "tests.fuzz", "--target", name, "--seconds", str(share_s)]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    told = f"found something in {', '.join(failed)}" if failed else "nothing found"
    print(f"fuzzed {', '.join(TARGETS)} for {share_s} s each: {told}")
    return 1 if failed else 0


def _fuzz(name: str, seconds: int) -> None:
    """Hand over to the fuzzer, which ends the process; a finding is left as a file beside the corpus."""
    import atheris

    with atheris.instrument_imports(include=PACKAGES):
        from tests.fuzz import targets
    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    prefix = f"-artifact_prefix={CORPUS}/{name}-found-"
    arguments = [
        sys.argv[0],
        str(corpus),
        f"-max_total_time={seconds}",
        prefix,
        "-max_len=2000",
        "-print_final_stats=0",
    ]
    atheris.Setup(arguments, targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
