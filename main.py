"""EnBloc: a case or nothing opens the workstation; a subcommand works without a window."""

import signal
import sys

COMMANDS = ("import", "evaluate", "report", "export", "--help", "-h", "--version")


def main(arguments: list[str]) -> int:
    """Run the workstation or one command and return the exit status.

    Only what the chosen way needs is loaded: a command never loads Qt.
    """
    if arguments and arguments[0] in COMMANDS:
        from app.cli import main as run_command

        return run_command(arguments)
    from app.gui import main as open_workstation

    return open_workstation(arguments)


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        # Cancelled by whoever started it, a command ends as by Ctrl-C: it leaves nothing half written.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
