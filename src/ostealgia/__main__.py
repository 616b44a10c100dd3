"""``python -m ostealgia``."""

from ostealgia.cli.app import main

if __name__ == "__main__":
    main()
