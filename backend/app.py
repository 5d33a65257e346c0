"""Starts exotrain: `python backend/app.py`, or `cd backend; python app.py`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python looks for modules beside this file; the package itself is one folder up.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

    from backend.launcher import main

    main()
