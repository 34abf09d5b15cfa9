"""The plan library: plans and stories kept as versions in a database, drafts, and links."""
