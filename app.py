"""Page configuration and navigation, nothing else."""

import streamlit as st

st.set_page_config(
    page_title="pcs_dash: primary care planning in Essex",
    page_icon="pcs_dash/assets/icon.png",
    layout="wide",
)

st.navigation(
    [
        st.Page(
            "pages/under_doctoring.py",
            title="Under-doctoring",
            icon=":material/stethoscope:",
            default=True,
        ),
        st.Page("pages/deprivation.py", title="Deprivation", icon=":material/map:"),
        st.Page("pages/correlation.py", title="Correlation", icon=":material/scatter_plot:"),
        st.Page("pages/hubs.py", title="Hubs", icon=":material/hub:"),
        st.Page("pages/data_and_methods.py", title="Data and methods", icon=":material/menu_book:"),
    ]
).run()
