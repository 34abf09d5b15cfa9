"""The server, which warms up first, and the script that it runs for every visitor."""

import streamlit as st
from starlette.middleware import Middleware

from pcs_dash.ui import serving
from pcs_dash.ui.guard import Guard
from pcs_dash.ui.upload_limits import UploadLimits

if __name__ == "__main__":
    from pcs_dash.ui import navigation

    navigation.configure()
    navigation.run()
else:
    app = st.App(
        __file__,
        lifespan=serving.warm,
        routes=serving.moved(),
        middleware=[Middleware(Guard), Middleware(UploadLimits)],
    )
