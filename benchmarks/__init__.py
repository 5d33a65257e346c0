"""One script a question, each prints a table; `make benchmark` runs them."""
