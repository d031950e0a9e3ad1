"""The numbers that the design promises, measured side by side in one run: ``make bench``."""
