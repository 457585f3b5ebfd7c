"""``python -m lstm``: the command line."""

import sys

from lstm.cli import main

sys.exit(main(sys.argv[1:]))
