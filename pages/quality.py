"""Quality beside capacity: ratings, achievement, appointments, services near by, and GPs."""

from pcs_dash.ui.view_page import page_of

page_of("Quality beside capacity", "quality")
