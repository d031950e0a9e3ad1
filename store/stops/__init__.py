"""Keeping things back: everything of an incident, or one channel of all."""
