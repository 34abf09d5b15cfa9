"""The hub builder's page, in parts: the open plan, events, figures and panels."""
