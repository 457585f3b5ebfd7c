"""One reader per kind of file: from its bytes to clean text, with a note of what was done.

The readers work in memory, write nothing to disk, fetch nothing and treat every file as hostile:
how much it may unpack to and how long it may take is bounded (``bounds``), and all but plain text
is read in a process of its own (``apart``). Knows nothing of corpora or of the network.
"""
