"""Do under-doctoring and deprivation go together, and how sure can we be?"""

from pcs_dash.ui.view_page import page_of

page_of("Under-doctoring and deprivation", "correlation")
