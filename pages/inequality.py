"""Do people in deprived places have fewer GPs, by how much, and how sure is it?"""

from pcs_dash.ui.view_page import page_of

page_of("Inequality by deprivation", "inequality")
