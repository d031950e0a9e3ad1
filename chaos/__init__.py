"""Chaos: random incidents on the whole product while everything under it is made to fail."""
