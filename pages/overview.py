"""Short of GPs? Worse where people are deprived? Which places? One screen."""

from pcs_dash.ui.view_page import page_of
from pcs_dash.ui.ways_on import ways_on

page_of("Overview", ways_on)
