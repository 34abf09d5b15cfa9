"""What happens if nothing is done, and what if?"""

from pcs_dash.ui.view_page import page_of

page_of("Plan ahead")
