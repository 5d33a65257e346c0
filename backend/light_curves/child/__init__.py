"""The process that reads light curves; the only one of this room with astropy and pandas."""
