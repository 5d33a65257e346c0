"""The process that reads and writes them; the only one with astropy, openpyxl and pyarrow."""
