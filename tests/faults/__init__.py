"""Faults of the machine, each at a chosen call: fork, thread, file, database and pipe.

`layer` makes the calls fail, hang or kill; `plan` says which; `places` lists every place of the
backend that makes one, with its test. Nothing of it is in the backend: a test asks for the fixture
`faults`, or starts a server with `plan.environment`.
"""
