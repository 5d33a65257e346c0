"""Light curves of people: files and archives of them are read in a child process, and stored."""
