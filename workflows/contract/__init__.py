"""What the workflows are asked and told from outside, and what they answer, by subject.

The names below are the contract for everybody outside: the terminal, the console, plain
``temporal workflow signal``. They live for years in histories and never change; a new field gets
a default.
"""
