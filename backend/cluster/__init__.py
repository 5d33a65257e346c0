"""The way to a Ray cluster: sessions are trained, and catalogues predicted, on its nodes.

`python -m backend.cluster` is the bridge, a child process of the server and the only one of its
machine that imports Ray. `node/` is what runs on the nodes: Ray brings this package there.
"""
