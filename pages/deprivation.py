"""Where do deprived people live, and with which practices are they registered?"""

from pcs_dash.ui.view_page import page_of

page_of("Deprivation", "deprivation")
