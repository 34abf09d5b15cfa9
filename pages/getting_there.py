"""How many minutes is it to a practice, by which mode, and for whom is it far?"""

from pcs_dash.ui.view_page import page_of

page_of("Getting there", "getting_there")
