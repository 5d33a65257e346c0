"""The science of exotrain: no Flask, no database; importable on its own."""
