"""The views of the room Look inside: one module each, and the frame that they share.

A view is a module with ``FORMULAS``, ``CODE`` and ``render(context)``; ``views.VIEWS`` lists them.
Its sentences are in ``look_<key>.toml``: ``name``, ``title``, ``do``, ``see`` and ``formula``.
"""
