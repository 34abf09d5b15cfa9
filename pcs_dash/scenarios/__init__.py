"""Plans ahead: dated changes to today's practices, and what comes of them year by year.

Pure: tables and a scenario in, tables out. docs/methods.md has every formula with its source.
"""
