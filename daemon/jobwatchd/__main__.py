"""`python -m jobwatchd`, and the console script."""

from jobwatchd.cli import cli


def main() -> None:
    """Run the command line."""
    cli(prog_name="jobwatchd")


if __name__ == "__main__":
    main()
