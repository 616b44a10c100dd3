"""``python -m ostealgia``: the command line, with its exit status."""

import sys

from ostealgia.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
