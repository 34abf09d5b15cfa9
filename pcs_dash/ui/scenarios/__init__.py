"""The scenario on the table: its changes one by one, undo, draft, library, link and file."""
