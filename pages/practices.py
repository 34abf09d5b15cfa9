"""Which practices? Worst first, with their quality, and their lists over time."""

from pcs_dash.ui.view_page import page_of

page_of("Practices")
