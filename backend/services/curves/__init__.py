"""Light curves that people bring: uploads in pieces, imports, what a set has."""
