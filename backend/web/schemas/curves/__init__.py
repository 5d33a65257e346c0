"""What light curves show of rows: of one, and prepared for all of a dataset."""
