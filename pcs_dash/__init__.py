"""pcs_dash: GP practices, deprivation and workforce joined, mapped, grouped and compared."""

__version__ = "0.1.0"
