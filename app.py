"""Page configuration and navigation, nothing else."""

from pcs_dash.ui import navigation

navigation.configure()
navigation.run()
