"""The front for programs: read-only answers over HTTP under /api/v1, as JSON and CSV."""
