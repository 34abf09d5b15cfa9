"""The only part that knows Streamlit: caching, choices in the address, maps and tables."""
