"""The commands of `python -m pcs_dash`, one module each."""
