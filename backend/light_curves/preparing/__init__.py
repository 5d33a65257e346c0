"""Light curves to what a network reads of the rows of a table: in parts, by child processes."""
