"""What was published in 2014 to 2018, what today's figures say, and what changed in between."""

from pcs_dash.ui.view_page import page_of

page_of("Then and now", "then_now")
