"""What happens if nothing is done, and what if?"""

from pcs_dash.ui.scenarios.panel import at_map, with_table
from pcs_dash.ui.view_page import page_of

page_of("Plan ahead", above=with_table, inside=at_map)
