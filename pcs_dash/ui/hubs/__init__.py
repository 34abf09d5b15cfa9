"""The hub builder's page, in parts: work (the plan on screen), events, figures and panels."""
