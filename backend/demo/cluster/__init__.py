"""`make demo-cluster`: the same study twice on a small Ray cluster; once a node is killed."""
