"""Measures: tables in, Series, tables or dataclasses out. No widgets, no files."""
