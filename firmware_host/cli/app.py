"""The commands and their options. Each command's work is in a module of its own, imported when it runs."""

from pathlib import Path
from typing import Annotated, Final

import typer

from drivers.capabilities import LEAST_BAUD, MOST_BAUD

NOT_A_DEVICE: Final = "Righting is not a certified medical device. Read the safety concept before a person lies down."

app = typer.Typer(
    name="righting",
    help="Controller for motorised inversion tables. Whatever fails, the rider ends upright, or is held still with the "
    f"alarm saying what to do.\n\n{NOT_A_DEVICE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

Program = Annotated[Path | None, typer.Argument(help="Program file; without it the built-in demonstration.")]
TableOption = Annotated[Path | None, typer.Option("--table", help="Table file; without it the reference table.")]
RiderOption = Annotated[Path | None, typer.Option("--rider", help="Rider file; without it a beginner.")]
Seed = Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Seed of the simulator's noise.")]
Folder = Annotated[Path, typer.Option("--records", help="Folder for black boxes and pictures.")]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[=VALUE]@SECONDS[:DURATION]",
        help="Inject a fault so long after the session's start; repeatable. righting faults lists them.",
    ),
]
Json = Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write JSON to FILE; - is standard output.")]
Recording = Annotated[Path, typer.Argument(metavar="FILE", help="A black box.")]
Database = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Database; without it the SQLite file righting.db in the folder of --records."),
]

RECORDS: Final = Path("records")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"righting {version('righting')}")
        raise typer.Exit


@app.callback()
def every_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version, and exit.")
    ] = False,
) -> None:
    """Options of the program itself; the text of its help stands at ``app``."""


@app.command()
def run(
    program: Program = None,
    rider: RiderOption = None,
    table: TableOption = None,
    port: Annotated[
        str | None,
        typer.Option(
            help="Serial port of the table board: a device, socket://HOST:PORT or rfc2217://HOST:PORT. "
            "Without it, and with none in the table file, the simulated table is started."
        ),
    ] = None,
    baud: Annotated[
        int | None, typer.Option(min=LEAST_BAUD, max=MOST_BAUD, help="Baud rate; without it the table file's.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=50.0, help="Simulated table only: times real time.")] = 1.0,
    records: Folder = RECORDS,
    seed: Seed = 1,
    start: Annotated[
        bool, typer.Option("--start", help="With --port: start without asking once the table is ready.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Plain lines even in a terminal.")] = False,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="The simulated table, although the table file names a port.")
    ] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="The terminal alone, without the operator panel.")
    ] = False,
    panel_port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Port of the operator panel on this machine; 0 takes any that is free."),
    ] = 0,
    panel_address: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where the panel listens; 0.0.0.0 is every network of this machine.")
    ] = "127.0.0.1",
    panel_name: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further host name under which browsers find the panel; repeatable."),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM certificate of the panel.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Key of the certificate.")] = None,
    insecure_network: Annotated[
        bool, typer.Option("--insecure-network", help="Beyond this machine without TLS: PINs travel in the clear.")
    ] = False,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Database of the panel; without it a file in --records.")
    ] = None,
) -> None:
    """Take a rider through a session: on a real table (--port), or on the simulated one.

    Exit code: 0 completed, 2 refused, 3 returned early, 4 emergency return, 5 stopped.
    """
    from firmware_host.cli.run import RunOptions, run_command
    from firmware_host.panel.access.network import Network
    from firmware_host.panel.options import PanelOptions

    network = Network(panel_address, tls_cert, tls_key, insecure_network, tuple(panel_name or ()))
    panel = PanelOptions(network, database, records, table)
    options = RunOptions(
        program, rider, table, port, baud, speed, records, seed, start, plain, simulated, headless, panel_port, panel
    )
    raise typer.Exit(run_command(options))


@app.command()
def bench(
    programs: Annotated[list[Path], typer.Argument(metavar="PROGRAM...", help="Program files.")],
    rider: RiderOption = None,
    table: TableOption = None,
    fault: Faults = None,
    seed: Seed = 1,
    records: Folder = RECORDS,
    json: Json = None,
) -> None:
    """Run the same sessions in lock-step against the simulated table, as fast as the machine goes."""
    from firmware_host.cli.bench import bench_command

    raise typer.Exit(bench_command(programs, rider, table, fault or [], seed, records, json))


@app.command()
def campaign(
    sessions: Annotated[int, typer.Option(min=1, help="How many sessions.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all that is drawn: the same seed, the same sessions.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine.")] = 1,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address of a Dask scheduler whose workers do the work.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Folder of the campaign, begun or not: what is done there is not run again."
        ),
    ] = None,
    json: Json = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write a report with pictures.")] = None,
    steer: Annotated[
        bool, typer.Option("--steer", help="Search for worse sessions too, with as many sessions again.")
    ] = False,
    table: Annotated[
        Path | None, typer.Option(help="Table file whose devices hang on every table, in the place of the table board.")
    ] = None,
) -> None:
    """Run many random sessions with random faults, and judge each on the simulator's truth.

    Exit code: 0 if every promise was kept in every session.
    """
    from firmware_host.cli.campaign.command import CampaignOptions, campaign_command, new_folder

    folder = resume or new_folder(RECORDS, seed)
    options = CampaignOptions(sessions, seed, workers, dask, folder, json, report, steer, table)
    raise typer.Exit(campaign_command(options))


@app.command()
def faults(json: Json = None) -> None:
    """List the faults that bench can inject, and which monitors are right to answer them."""
    from firmware_host.cli.faults import faults_command

    raise typer.Exit(faults_command(json))


@app.command()
def sim(
    rider: RiderOption = None,
    table: TableOption = None,
    speed: Annotated[float, typer.Option(min=0.1, max=50.0, help="Times real time.")] = 1.0,
    seed: Seed = 1,
    tcp: Annotated[
        int | None, typer.Option(metavar="PORT", min=0, max=65535, help="Listen on 127.0.0.1 instead; 0 picks a port.")
    ] = None,
    serial: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Serial number of the board; from 16 on it counts as a real one.")
    ] = 1,
    fault: Faults = None,
    while_input: Annotated[
        bool,
        typer.Option(
            "--while-input",
            help="End when standard input ends: with the program that started it. A line 'begin FAULT' or 'end FAULT' "
            "lets that happen at once.",
        ),
    ] = False,
) -> None:
    """Be the simulated table, on a virtual serial port whose name is printed, until ended with Ctrl-C."""
    from firmware_host.cli.simulator import sim_command

    raise typer.Exit(sim_command(rider, table, speed, seed, tcp, serial, fault or [], while_input=while_input))


@app.command()
def replay(file: Recording, json: Json = None) -> None:
    """Feed a black box's inputs to the controller again and compare every command."""
    from firmware_host.cli.recordings import replay_command

    raise typer.Exit(replay_command(file, json))


@app.command()
def report(
    file: Recording,
    picture: Annotated[
        Path | None, typer.Option(help="Where to write the picture; beside the file if left out.")
    ] = None,
    json: Json = None,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE.pdf", help="Write a report on paper as well.")] = None,
) -> None:
    """Summarise a black box and draw its picture."""
    from firmware_host.cli.recordings import report_command

    raise typer.Exit(report_command(file, picture, json, pdf))


@app.command()
def export(
    file: Recording,
    csv: Annotated[Path, typer.Option(metavar="FILE.csv", help="Where the table goes.")],
) -> None:
    """Write all signals of a black box as a table of text, 100 rows a second, for spreadsheets."""
    from firmware_host.cli.recordings import export_command

    raise typer.Exit(export_command(file, csv))


@app.command()
def diagnostics(
    target: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Where the bundle goes.")],
    table: TableOption = None,
    records: Folder = RECORDS,
) -> None:
    """Put together what helps others to find a fault: versions, machine, table, limits, the last sessions in figures.

    Nobody's name, health or program is in it.
    """
    from firmware_host.cli.diagnostics import diagnostics_command

    raise typer.Exit(diagnostics_command(target, table, records))


@app.command()
def explain(
    file: Recording,
    picture: Annotated[
        Path | None, typer.Option(help="Where to write the picture; beside the file if left out.")
    ] = None,
    json: Json = None,
) -> None:
    """Say in a few sentences what happened in a session: cause, what was done, how long it took."""
    from firmware_host.cli.recordings import explain_command

    raise typer.Exit(explain_command(file, picture, json))


@app.command()
def recover(
    file: Recording, target: Annotated[Path, typer.Argument(metavar="NEW", help="Where the whole file goes.")]
) -> None:
    """Write what is sound in a damaged black box into a new file that every MCAP reader opens."""
    from firmware_host.cli.recordings import recover_command

    raise typer.Exit(recover_command(file, target))


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Program, rider and table files.")],
    rider: RiderOption = None,
    table: TableOption = None,
) -> None:
    """Check files, and programs against rider and table, without moving anything."""
    from firmware_host.cli.check import check_command

    raise typer.Exit(check_command(files, rider, table))


@app.command()
def screen(file: Annotated[Path, typer.Argument(metavar="RIDER", help="Rider file; made if there is none.")]) -> None:
    """Ask a rider the health questions and write the answers into the rider's file."""
    from firmware_host.cli.screen import screen_command

    raise typer.Exit(screen_command(file))


@app.command()
def ports() -> None:
    """List the serial ports of this machine."""
    from firmware_host.cli.ports import ports_command

    raise typer.Exit(ports_command())


@app.command()
def doctor(
    port: Annotated[
        str | None,
        typer.Option(
            help="Port to look at: a device, socket://HOST:PORT or rfc2217://HOST:PORT. Without it, all ports that the "
            "table file names."
        ),
    ] = None,
    table: Annotated[Path | None, typer.Option("--table", help="Table file: what should be there.")] = None,
    baud: Annotated[
        int | None,
        typer.Option(min=LEAST_BAUD, max=MOST_BAUD, help="Baud rate; without it the table file's, or 115200."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.5, max=3600.0, help="How long the quality of the line is measured.")
    ] = 10.0,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify-timeout",
            help="On the bench: TURNS THE EMPTY TABLE a few degrees, falls silent, and sees that it stops. Asks first.",
        ),
    ] = False,
    json: Json = None,
) -> None:
    """Find out what hangs on a port, which of its settings are unsafe, and how good the line is.

    Moves nothing, unless asked with --verify-timeout.

    Exit code: 0 all is well, 1 something is unsafe, 2 the port cannot be used, or nothing known is there.
    """
    from firmware_host.cli.doctor import DoctorOptions, doctor_command

    raise typer.Exit(doctor_command(DoctorOptions(port, table, baud, seconds, json, verify)))


audit = typer.Typer(help="The audit log: who did what.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@audit.command()
def verify(
    records: Folder = RECORDS,
    database: Database = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="NUMBER:SUM", help="A head noted down earlier, which the log must still lead through."),
    ] = None,
) -> None:
    """Tell whether the audit log is whole, and where it is broken.

    Exit code: 0 whole, 1 broken, 2 not readable.
    """
    from firmware_host.cli.records import verify_command

    raise typer.Exit(verify_command(records, database, head))


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="New file, or a folder for one named by the time.")],
    records: Folder = RECORDS,
    database: Database = None,
) -> None:
    """Copy database and black boxes into one file; sessions may go on meanwhile."""
    from firmware_host.cli.records import backup_command

    raise typer.Exit(backup_command(target, records, database))


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="File that righting backup made.")],
    records: Folder = RECORDS,
    database: Database = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put aside what is there already. On a server, old rows are deleted.")
    ] = False,
) -> None:
    """Bring back a backup, after checking all of it."""
    from firmware_host.cli.records import restore_command

    raise typer.Exit(restore_command(source, records, database, replace))


def main() -> None:
    """Run the command line."""
    app()
