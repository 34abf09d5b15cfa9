"""Are like figures near each other, where, and is there a GP within reach?"""

from pcs_dash.ui.view_page import page_of

page_of("Spatial pattern", "pattern")
