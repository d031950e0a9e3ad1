"""The ledger: everything that comes in numbers, in SQLite or PostgreSQL.

Each module is one concept with plain async functions that take a ``Database`` first. Nothing of
SQLAlchemy leaves this package: results are frozen values.
"""
