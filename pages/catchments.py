"""Who lives where: catchments of practices, PCNs and hubs, and who else people there use."""

from pcs_dash.ui.view_page import page_of

page_of("Who lives where", "catchment")
