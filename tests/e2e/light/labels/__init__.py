"""Labels on the page: doubts, votes, versions."""
