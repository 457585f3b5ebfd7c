"""The rooms, one module each, drawn by its ``render()``."""
