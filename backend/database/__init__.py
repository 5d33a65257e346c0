"""The SQLite database: one module a subject, each a set of functions over an open connection.

`schema` has the tables and their upgrades, `connection` opens the file; `accounts`, `datasets`,
`sessions` and `models` read and write. Only the server process opens the database.
"""

from backend.database.connection import Database

__all__ = ["Database"]
