"""The bin: where deleted things stay for some days, whole, and come back from as they were.

A transaction moves the rows, so that nothing else has to know the bin. Files keep their places and
names, which are never used for other content: no fault and no kill can leave half of them behind.
"""
