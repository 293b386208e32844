"""Run every target for its share of the time, each in a process of its own. Ends with 1 if one found anything."""

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.fuzz.kept import keep

CORPUS: Final = Path("build") / "fuzz"
PACKAGES: Final = ["drivers", "firmware_host", "safety"]
TARGETS: Final = (
    "framing", "host", "board", "vesc", "odrive", "roboclaw", "servo", "contacts", "witmotion", "files",
)  # fmt: skip
"""As in ``tests.fuzz.targets``, which must not be imported before it is instrumented."""
LONGEST: Final = 2000
"""Bytes of an input: more than any decoder keeps."""
HANGS_S: Final = 30
"""An input that takes so long is a finding."""
COMMAND: Final = (sys.executable, "-m", "tests.fuzz")


def main() -> int:
    """Parse what is asked, and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--target", choices=TARGETS, help="this one alone")
    parser.add_argument("--keep", metavar="FILE", type=Path, help="make a test of what was found of the target")
    parser.add_argument("libfuzzer", nargs="*", help="options of libFuzzer for the target, after --: in this process")
    options = parser.parse_args()
    if options.keep is not None and options.target is None:
        parser.error("--keep needs --target: whose test it becomes")
    if options.keep is not None:
        print(f"{keep(options.target, options.keep.read_bytes())}: say in its first line what was wrong, and commit it")
        return 0
    if options.libfuzzer:
        _hand_over(options.target, options.libfuzzer)
    names = TARGETS if options.target is None else (options.target,)
    share_s = max(options.seconds // len(names), 1)
    failed = [name for name in names if not _fuzzed(name, share_s)]
    told = f"found something in {', '.join(failed)}" if failed else "nothing found"
    print(f"fuzzed {', '.join(names)} for {share_s} s each: {told}")
    return 1 if failed else 0


def _fuzzed(name: str, seconds: int) -> bool:
    """Fuzz a target on its corpus; tells whether nothing was found."""
    corpus, found = CORPUS / name, CORPUS / f"{name}-found"
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    _sow(name, corpus)
    before = set(found.iterdir())
    limits = (f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={HANGS_S}", f"-artifact_prefix={found}/")
    sound = _run(name, *limits, "-print_final_stats=0", str(corpus)) == 0
    for file in sorted(set(found.iterdir()) - before):
        again = shlex.join((*COMMAND, "--target", name))
        print(f"found {file}; see it again: {again} -- {file}; make a test of it: {again} --keep {file}")
    if sound:
        _shrink(name, corpus)
    return sound


def _sow(name: str, corpus: Path) -> None:
    """Begin with what is sound: seeds, and what the emulated drive says."""
    from tests.fuzz import recorded, seeds  # not in the process that fuzzes, where nothing is imported so early

    said = [*seeds.SEEDS[name], *([recorded.recorded(name)] if name in recorded.NAMES else [])]
    for number, seed in enumerate(said):
        (corpus / f"seed-{number}").write_bytes(seed)


def _shrink(name: str, corpus: Path) -> None:
    """Leave of a corpus what reaches all that the whole of it reaches."""
    smaller = corpus.with_name(f"{name}-smaller")
    shutil.rmtree(smaller, ignore_errors=True)
    smaller.mkdir()
    if _run(name, "-merge=1", f"-max_len={LONGEST}", str(smaller), str(corpus)) == 0 and any(smaller.iterdir()):
        shutil.rmtree(corpus)
        smaller.rename(corpus)


def _run(name: str, *arguments: str) -> int:
    return subprocess.run([*COMMAND, "--target", name, "--", *arguments], check=False).returncode


def _hand_over(name: str, arguments: list[str]) -> None:
    """Give this process to libFuzzer, which ends it."""
    import atheris

    with atheris.instrument_imports(include=PACKAGES):
        from tests.fuzz import targets
    target = targets.TARGETS[name]

    def one(data: bytes) -> None:
        target(data)

    # libFuzzer starts itself anew to shrink a corpus: by a line for the shell that begins with its first argument.
    atheris.Setup([shlex.join((*COMMAND, "--target", name, "--")), *arguments], one)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
