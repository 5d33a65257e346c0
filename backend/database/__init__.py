"""The SQLite database: one module per subject, each a set of functions that take a connection.

`schema` has the tables, `connection` opens the file with what `file/` has for that, and the other
modules read and write the table that they are named after. Only the server process opens the
database.
"""

from backend.database.connection import Database

__all__ = ["Database"]
