"""`make demo-curves`: what real photometry is worth, on stars that are simulated."""
