"""Light curves that people bring: sets, their versions, imports and uploads."""
