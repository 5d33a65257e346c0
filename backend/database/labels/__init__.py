"""What people say of the labels of datasets, and the versions that come of it."""
