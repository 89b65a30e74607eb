"""The program: `python run.py [COMMAND]`. Without a command it serves the portal."""

import sys

from portal.cli import main

if __name__ == "__main__":
    sys.exit(main())
