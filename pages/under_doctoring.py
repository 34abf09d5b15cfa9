"""Where are we under-doctored? The area's figure, the map of practices, the card, the table."""

from pcs_dash.ui.view_page import page_of

page_of("Under-doctoring", "where", "practices")
