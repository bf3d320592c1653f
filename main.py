"""EnBloc: a case or nothing opens the workstation; a subcommand works without a window."""

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
    sys.exit(main(sys.argv[1:]))
