"""Tables that are no delimited text: VOTable, FITS, ECSV, IPAC, Parquet, spreadsheets."""
