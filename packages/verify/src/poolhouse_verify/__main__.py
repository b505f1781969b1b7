"""`python -m poolhouse_verify TOKEN`."""

import sys

from poolhouse_verify.command import main

sys.exit(main())
