"""Long lists: what they are sorted, filtered and searched by, and page by page."""
