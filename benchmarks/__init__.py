"""One script per question; each prints a table. `make benchmark` runs them."""
