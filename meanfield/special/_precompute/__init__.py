"""Scripts that make `_tables.py` and its certificate: ``make tables``."""
