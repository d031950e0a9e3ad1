"""Notifying our own people: by any service that Apprise knows, by mail, and in their browsers.

This is not publishing: handing over says nothing about whether anybody saw it, no answer counts as
not handed over, and a second notification is better than none.
"""
