"""The story editor: what is on the table, the list of views, the library, the handouts."""
