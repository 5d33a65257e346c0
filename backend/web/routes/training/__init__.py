"""Training: sessions, their evaluations, the networks."""
