"""Stopping everything of an incident."""
