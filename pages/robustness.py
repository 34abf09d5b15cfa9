"""Does the conclusion survive another way of measuring, and the noise of small practices?"""

from pcs_dash.ui.view_page import page_of

page_of("Does it survive?", "survives")
