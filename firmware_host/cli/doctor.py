"""``righting doctor``: what hangs on a port, how it is set, how good the line is."""

import json
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from firmware_host.cli.expiry import verify_timeout
from firmware_host.cli.sessions import REFUSED, complain, write_json
from firmware_host.devices import ports_of
from firmware_host.doctor.expiry import Expiry
from firmware_host.doctor.findings import UNSAFE, Examination
from firmware_host.doctor.visit import Visit, visit
from firmware_host.files.tables import Table, load_table
from firmware_host.files.toml_source import FileError

UNSAFE_CODE: Final = 1


class DoctorOptions(NamedTuple):
    """What was asked for on the command line."""

    port: str | None
    table: Path | None
    baud: int | None
    seconds: float
    json: str | None
    verify_timeout: bool = False
    agreed: bool = False
    """The question whether the table may move was answered beforehand, on the bench."""


def doctor_command(options: DoctorOptions) -> int:
    """Look at each port; gives the exit code: 0 all is well, 1 something is unsafe, 2 nothing known is there."""
    try:
        table = None if options.table is None else load_table(options.table)
        ports = _ports(options, table)
    except (FileError, ValueError) as error:
        return complain(error)
    visits = []
    for port in ports:
        done = visit(port, options.baud, table, options.seconds, lambda text: _progress(options, text))
        visits.append(done)
        if options.json != "-":
            _show(done)
    code, expiry = _verify(options, visits)
    if options.json is not None:
        told = [as_dict(done) for done in visits]
        if expiry is not None:
            told[0]["timeout"] = expiry._asdict()
        try:
            write_json(options.json, json.dumps(told[0] if len(told) == 1 else told, indent=2))
        except OSError as error:
            return complain(error)
    return code


def _verify(options: DoctorOptions, visits: list[Visit]) -> tuple[int, Expiry | None]:
    """Let the timeout run out if that was asked for and everything is known; gives the exit code of all together."""
    if any(done.examination is None for done in visits):
        return REFUSED, None
    code = 0 if all(done.examination is not None and done.examination.safe for done in visits) else UNSAFE_CODE
    if not options.verify_timeout:
        return code, None
    failed, expiry = verify_timeout(options.table, options.port, options.baud, agreed=options.agreed)
    if expiry is not None and options.json != "-":
        print(f"timeout: {'verified' if expiry.verified else 'NOT VERIFIED'}; {expiry.text}")
    return failed or code, expiry


def _ports(options: DoctorOptions, table: Table | None) -> list[str]:
    if options.port is not None:
        return [options.port]
    found = None if table is None else ports_of(table)
    if not found:
        raise ValueError(
            "which port? Add --port, or --table with a file that names its ports; righting ports lists them"
        )
    return found


def as_dict(done: Visit) -> dict[str, Any]:
    """Give what ``--json`` prints."""
    told: dict[str, Any] = {"port": done.port, "baud": done.baud, "problem": done.problem}
    told["heard"] = None if done.nothing is None else done.nothing.heard
    told["advice"] = None if done.nothing is None else done.nothing.advice
    one = done.examination
    if one is None:
        return {**told, "device": None}
    quality = None
    if one.quality is not None:
        trip = one.quality.round_trip
        quality = {
            **one.quality._asdict(),
            "round_trip": None if trip is None else trip._asdict(),
            "lost_share": one.quality.lost_share,
        }
    return {
        **told,
        "device": one.kind,
        "name": one.name,
        "serial": one.serial,
        "firmware": one.firmware,
        "facts": dict(one.facts),
        "findings": [finding._asdict() for finding in one.findings],
        "safe": one.safe,
        "quality": quality,
    }


def _progress(options: DoctorOptions, text: str) -> None:
    if options.json != "-" and sys.stderr.isatty():
        print(f"  ... {text}", file=sys.stderr)


def _show(done: Visit) -> None:
    if done.problem is not None:
        print(f"righting: {done.problem}", file=sys.stderr)
        return
    if done.nothing is not None:
        heard = f"heard {done.nothing.heard}" if done.nothing.heard else "nothing answers"
        print(f"{done.port} at {done.baud} baud: nothing known\n  {heard}\n  what to do: {done.nothing.advice}")
        return
    if done.examination is not None:
        _show_device(done, done.examination)


def _show_device(done: Visit, one: Examination) -> None:
    serial = "" if one.serial is None else f", serial number {one.serial}"
    firmware = "" if one.firmware is None else f", firmware {one.firmware}"
    print(f"{done.port} at {done.baud} baud: {one.name}{serial}{firmware}")
    for name, value in one.facts:
        print(f"  {name}: {value}")
    if one.quality is not None:
        print(f"  line over {one.quality.seconds:.0f} s: {one.quality}")
    for finding in one.findings:
        print(f"  {'UNSAFE' if finding.level == UNSAFE else 'note'}: {finding.what}\n    mend: {finding.mend}")
    print(f"  {'nothing unsafe was found' if one.safe else 'not safe to use'}; the motor was not moved")
