"""List sizes over time: who grew, who shrank, which practices closed, merged or opened."""

from pcs_dash.ui.view_page import page_of

page_of("List sizes over time", "lists")
