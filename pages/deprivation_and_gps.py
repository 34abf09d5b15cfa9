"""Is it worse where people are deprived, where, and how sure is it?"""

from pcs_dash.ui.view_page import page_of

page_of("Deprivation and GPs")
