"""The command line. Data goes to standard output, everything else to standard error; exit 0 done, 1 failed, 2 wrong usage.

What is heavy is imported inside the commands, so that `vigie --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import Failure, Options

app = typer.Typer(
    name="vigie",
    help="Watches the press for new security-cooperation meetings: one record per meeting, with its evidence, and a daily digest.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"vigie {version('vigie')}")
        raise typer.Exit


@app.callback()
def _global(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option("--config", help="The configuration file (default: config.toml here).")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only warnings and errors on standard error.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an unexpected error came from.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and stop.")] = False,
) -> None:
    context.obj = Options(config=config, quiet=quiet, debug=debug)


def main() -> None:
    """The console script. Turns expected failures into one line and an exit code."""
    import monitor.cli.commands  # noqa: F401  registers the commands on `app`

    try:
        sys.exit(app(standalone_mode=False) or 0)
    except Failure as failure:
        _say(str(failure))
        sys.exit(failure.code)
    except BrokenPipeError:
        # The reader (head, less) went away: nothing is wrong, and nothing more can be written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sys.exit(_unexpected(error))


def _unexpected(error: Exception) -> int:
    from monitor.config import ConfigError

    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if isinstance(error, typer.Abort):
        return 130
    if isinstance(error, typer.exceptions.TyperException):
        # Typer's own errors know how to show themselves and which code they mean, beneath a class that does not say so
        getattr(error, "show", lambda: _say(str(error)))()
        return int(getattr(error, "exit_code", 2))
    if isinstance(error, ConfigError):
        for line in error.problems:
            _say(line)
        return 2
    if known := _expected(error):
        _say(known)
        return 1
    if "--debug" in sys.argv:
        raise error
    from monitor.terminal import shortened

    _say(f"unexpected error: {type(error).__name__}: {shortened(error, 300)} (run again with --debug before the command to see where)")
    return 1


def _expected(error: Exception) -> str | None:
    """The words of a failure that we know how to tell; None for a bug."""
    from pipelines.errors import PipelineError

    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    module = sys.modules.get("monitor.store")
    if module is not None and isinstance(error, module.StoreError):
        return str(error)
    module = sys.modules.get("monitor.daemon")
    if module is not None and isinstance(error, module.AlreadyRunning):
        return str(error)
    return None


def _say(line: str) -> None:
    from monitor.terminal import plain

    print(f"vigie: {plain(line)}", file=sys.stderr)
