"""Searches: studies whose sessions are asked for one after another, and their trials."""
