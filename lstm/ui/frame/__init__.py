"""The script that Streamlit runs: alone in its folder.

Beside a folder named ``pages`` Streamlit would take the rooms for scripts of their own and run one
of them instead of the frame when a visit begins at its address.
"""
