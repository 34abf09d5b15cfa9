"""The server, which warms up first, and the script that it runs for every visitor."""

import streamlit as st

from pcs_dash.ui import serving

if __name__ == "__main__":
    from pcs_dash.ui import navigation

    navigation.configure()
    navigation.run()
else:
    app = st.App(__file__, lifespan=serving.warm, routes=serving.moved())
