"""How WSGI servers stand up to hostile and to many connections, on a toy application."""
