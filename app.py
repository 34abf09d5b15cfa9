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
    from pcs_dash.api.resources import Sources
    from pcs_dash.api.routes import routes
    from pcs_dash.ui import data, first_map
    from pcs_dash.ui.hubs.open_plan import database
    from pcs_dash.ui.sign_in import person
    from pcs_dash.ui.sign_in.gate import gates

    sources = Sources(lambda area: data.of(area)[0], database)
    app = st.App(
        __file__,
        lifespan=serving.warm,
        routes=[
            *routes(sources, person.of_request),
            *first_map.told(),
            *serving.moved(),
            *serving.not_there(),
        ],
        middleware=[Middleware(Guard), *gates(database), Middleware(UploadLimits)],
    )
