"""`python -m poolhouse` is the command `poolhouse`."""

import sys

from poolhouse.cli import main

if __name__ == "__main__":
    sys.exit(main())
