"""The page: Streamlit rooms and components. Knows the engine; the engine knows nothing of it."""
