"""``python -m nemflow``: the same as the ``nemflow`` command."""

from nemflow.cli.app import main

if __name__ == "__main__":
    main()
